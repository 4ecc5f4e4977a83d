// API keys that a function returns.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CredentialsError } from "../../npm/index.js";
import { apiError, created, listed } from "../../npm/testing.js";
import { clientOver, everythingShown, failureOf, OPERATIONS, PARAMS } from "./harness.mjs";

/** The failure of a call with this key function; nothing is sent. */
async function failureWith(apiKey, call = OPERATIONS.create) {
  const { keys, fetch } = clientOver([created("sk-or-v1-new")], { apiKey });
  const error = await failureOf(call(keys));
  assert.ok(error instanceof CredentialsError, String(error));
  assert.equal(error.code, "credentials");
  assert.equal(error.effect, "nothing");
  assert.equal(error.attempts, 0);
  assert.equal(fetch.requests.length, 0);
  return error;
}

test("a key function may return a string or a promise of one", async () => {
  for (const apiKey of [() => "sk-or-v1-given", async () => "sk-or-v1-given"]) {
    const { keys, fetch } = clientOver([listed([])], { apiKey });
    await keys.list();
    assert.equal(fetch.requests[0].headers.authorization, "Bearer sk-or-v1-given");
  }
});

test("a key function is called before each attempt, and not when the client is built", async () => {
  let asked = 0;
  const busy = apiError(503, "busy", { headers: { "retry-after": "1" } });
  const { keys, fetch } = clientOver([busy, busy, created("sk-or-v1-new")], { apiKey: async () => `sk-or-v1-${++asked}` });
  assert.equal(asked, 0);
  await keys.create(PARAMS);
  const sent = fetch.requests.map(({ headers }) => headers.authorization);
  assert.deepEqual(sent, ["Bearer sk-or-v1-1", "Bearer sk-or-v1-2", "Bearer sk-or-v1-3"]);
});

test("a key function is called without arguments and without this", async () => {
  let seen;
  function apiKey(...given) {
    seen = [this, ...given];
    return "sk-or-v1-given";
  }
  const { keys } = clientOver([listed([])], { apiKey });
  await keys.list();
  assert.deepEqual(seen, [undefined]);
});

test("what a key function throws is the cause, unchanged", async () => {
  for (const [operation, call] of Object.entries(OPERATIONS)) {
    const thrown = new Error(`the vault is sealed for ${operation}`);
    const refuse = () => {
      throw thrown;
    };
    assert.equal((await failureWith(refuse, call)).cause, thrown);
    assert.equal((await failureWith(async () => refuse(), call)).cause, thrown);
  }
});

test("what a key function throws need not be an error", async () => {
  for (const thrown of ["sealed", 5, null, undefined, Symbol("sealed"), { code: "SEALED" }]) {
    const error = await failureWith(() => {
      throw thrown;
    });
    if (thrown !== undefined) assert.equal(error.cause, thrown);
    const rejected = await failureWith(() => Promise.reject(thrown));
    if (thrown !== undefined) assert.equal(rejected.cause, thrown);
  }
});

test("calls that fail at the same time each have their own cause", async () => {
  let number = 0;
  const { keys } = clientOver([], { apiKey: async () => Promise.reject(new Error(`failure ${number++}`)) });
  const failures = await Promise.all(Array.from({ length: 20 }, () => failureOf(keys.list())));
  const causes = new Set(failures.map(({ cause }) => cause.message));
  assert.equal(causes.size, 20);
});

test("a key function that returns rubbish is an error that does not repeat it", async () => {
  for (const given of [undefined, null, 5, {}, ["sk-or-v1-canary"], "", "sk-or-v1-canary\n", " sk-or-v1-canary", "sk-or-v1-canarý", "canary\ud800", "canary".repeat(200_000)]) {
    const error = await failureWith(async () => given);
    assert.ok(!everythingShown(error).includes("canar"), everythingShown(error));
  }
});

test("a client whose key function failed once works as soon as it returns a key", async () => {
  let isSealed = true;
  const apiKey = () => (isSealed ? Promise.reject(new Error("sealed")) : "sk-or-v1-given");
  const { keys } = clientOver([listed([])], { apiKey });
  await failureOf(keys.list());
  isSealed = false;
  assert.deepEqual((await keys.list()).data, []);
});

test("an unusual promise or thenable returns a key or fails the call", { timeout: 10_000 }, async () => {
  const odd = (name, property) => Object.defineProperty(Promise.resolve("sk-or-v1-given"), name, property);
  const thrown = new Error("not today");
  const refuse = () => {
    throw thrown;
  };
  const hasty = (resolve, reject) => {
    resolve("sk-or-v1-given");
    resolve("sk-or-v1-other");
    reject(thrown);
  };
  for (const given of [odd("constructor", { get: refuse }), { then: refuse }, Object.defineProperty({}, "then", { get: refuse })]) {
    assert.equal((await failureWith(() => given)).cause, thrown);
  }
  for (const given of [{ then: hasty }, ...[refuse, hasty, () => {}].map((value) => odd("then", { value }))]) {
    const { keys, fetch } = clientOver([listed([])], { apiKey: () => given });
    await keys.list();
    assert.equal(fetch.requests[0].headers.authorization, "Bearer sk-or-v1-given");
  }
});
