// Messages about arguments, in JavaScript's terms.

import assert from "node:assert/strict";
import { test } from "node:test";

import { InvalidArgumentError, OpenRouterKeys } from "../../npm/index.js";
import { clientOver, failureOf, HASH, PARAMS } from "./harness.mjs";

const refusalOf = (options) => {
  try {
    return new OpenRouterKeys({ apiKey: "sk-or-v1-x", ...options });
  } catch (error) {
    assert.ok(error instanceof InvalidArgumentError, String(error));
    return error.message;
  }
};

test("no refusal names a function or a field of Rust", async () => {
  const { keys } = clientOver([]);
  const messages = [
    refusalOf({ baseUrl: "http://gateway.example/v1" }),
    refusalOf({ baseUrl: "" }),
    refusalOf({ apiKey: "" }),
    refusalOf({ headers: { "bad name": "x" } }),
    refusalOf({ timeoutMs: Number.MIN_VALUE }),
    refusalOf({ retry: { maxAttempts: 0 } }),
  ];
  for (const call of [
    keys.create({ ...PARAMS, name: "" }),
    keys.create({ ...PARAMS, limit: -1 }),
    keys.create({ ...PARAMS, limitReset: "" }),
    keys.create({ ...PARAMS, expiresAt: "tomorrow" }),
    keys.create({ ...PARAMS, workspaceId: "x" }),
    keys.create({ ...PARAMS, creatorUserId: "" }),
    keys.create({ ...PARAMS, external: { user: "u", apiKey: "short" } }),
    keys.temporary({ ...PARAMS, lifetimeMs: 1000, expiresAt: "2040-01-01T00:00:00Z" }),
    keys.update(HASH, {}),
    keys.get("../key"),
    keys.sweep({ names: ["x"] }),
    keys.audit({ nearLimit: 5 }),
  ]) {
    messages.push((await failureOf(call)).message);
  }
  assert.match(messages[0], /allowInsecureHttp/);
  for (const message of messages) assert.doesNotMatch(message, /::|\b[a-z]+_[a-z_]+\b/);
});

test("a name of two hundred thousand characters is shortened in every message and field", async () => {
  const long = "n".repeat(200_000);
  const { keys } = clientOver([]);
  for (const call of [
    keys.create({ ...PARAMS, [long]: 1 }),
    keys.create({ ...PARAMS, expiresAt: long }),
    keys.list({}, { headers: { [`${long} x`]: "1" } }),
    keys.list({ [long]: 1 }),
    keys.get(long),
  ]) {
    const error = await failureOf(call);
    assert.ok(error.message.length < 2_000, `${error.message.length}`);
    assert.ok(error.argument.length < 200, `${error.argument.length}`);
  }
});

test("a string with half of a surrogate pair is described as such", async () => {
  const error = await failureOf(clientOver([]).keys.create({ ...PARAMS, name: "a\ud800" }));
  assert.match(error.message, /name must be a string, not one with half of a surrogate pair/);
});

test("an API key with a trailing line break is refused as such, and never shown", async () => {
  for (const end of ["\n", "\r\n", "\u2028", " "]) {
    const { keys, fetch } = clientOver([], { apiKey: async () => `sk-or-v1-canary${end}` });
    const error = await failureOf(keys.list());
    const text = `${error.message} ${error.cause?.message}`;
    assert.match(text, /trim|white space|line break/);
    assert.doesNotMatch(text, /canary/);
    assert.equal(fetch.requests.length, 0);
  }
});

test("a character that a refusal names is kept", async () => {
  const { message } = await failureOf(clientOver([]).keys.get("x y"));
  assert.match(message, /letters, digits, `-`, `_`, `\.` and `~`/);
});
