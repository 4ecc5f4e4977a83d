// A disposed client, and what it leaves behind.

import assert from "node:assert/strict";
import { test } from "node:test";

import { InvalidArgumentError } from "../../npm/index.js";
import { Listing } from "../../npm/openrouter_keys_bg.js";
import { created, key, listed } from "../../npm/testing.js";
import { clientOver, failureOf, inAnotherProcess, OPERATIONS, PARAMS } from "./harness.mjs";

const PAGE = Array.from({ length: 100 }, (_, index) => key({ hash: String(index).padStart(64, "0") }));

test("a client that was disposed of sends nothing more", async () => {
  const { keys, fetch } = clientOver([]);
  keys.dispose();
  for (const call of [...Object.values(OPERATIONS), (client) => client.listAll().next()]) {
    const error = await failureOf(call(keys));
    assert.ok(error instanceof InvalidArgumentError);
    assert.equal(error.argument, "client");
    assert.equal(error.effect, "nothing");
  }
  assert.equal(fetch.requests.length, 0);
});

test("disposing twice is the same as once", () => {
  const { keys } = clientOver([]);
  keys.dispose();
  assert.doesNotThrow(() => keys.dispose());
});

test("a call in progress continues when its client is disposed of", async () => {
  const { keys } = clientOver([created("sk-or-v1-new", {}, { delayMs: 100 })]);
  const call = keys.create(PARAMS);
  keys.dispose();
  assert.equal((await call).key, "sk-or-v1-new");
});

test("a listing ends at its next key when its client is disposed of", async () => {
  const { keys, fetch } = clientOver([listed(PAGE), listed([PAGE[99]])]);
  const listing = keys.listAll();
  await listing.next();
  keys.dispose();
  assert.equal((await failureOf(listing.toArray())).argument, "client");
  assert.equal(fetch.requests.length, 1);
});

test("disposing of one client does not affect another", async () => {
  const { keys } = clientOver([]);
  const { keys: other } = clientOver([listed([])]);
  keys.dispose();
  assert.deepEqual((await other.list()).data, []);
});

test("a client can be disposed of by the symbol, if the runtime or a polyfill has it", async () => {
  const { keys } = clientOver([]);
  keys[Symbol.dispose ?? Symbol.for("Symbol.dispose")]();
  assert.equal((await failureOf(keys.list())).argument, "client");
});

/** How often a string is in the module's memory, at each mark of a program. */
const COUNT = `
  const Instance = WebAssembly.Instance;
  WebAssembly.Instance = class extends Instance {
    constructor(...given) {
      super(...given);
      globalThis.memory = this.exports.memory;
    }
  };
  globalThis.count = (text) => Buffer.from(memory.buffer).toString("latin1").split(text).length - 1;
`;

test("the API key is in the module's memory until the client is disposed of, and no longer", () => {
  const [before, after] = inAnotherProcess(
    `
    const [head, tail] = ["sk-or-v1-canary-of", "the-memory-of-the-module"];
    const canary = [head, tail].join("-");
    const fetch = testing.fakeFetch([testing.listed([])]);
    const keys = new api.OpenRouterKeys({ apiKey: canary, fetch });
    await keys.list();
    result = [count(canary)];
    keys.dispose();
    result.push(count(canary));
    `,
    COUNT,
  );
  assert.ok(before > 0);
  assert.equal(after, 0);
});

test("secrets that a server echoes in an error are gone from the module's memory once the client is disposed of", () => {
  const left = inAnotherProcess(
    `
    const canaries = ["sk-or-v1-canary-of", "canary-of-the-gateway", "canary-of-the-partner", "sk-or-v1-created-canary"].map((head) => [head, "the-memory-of-the-module"].join("-"));
    const [apiKey, gateway, partner, created] = canaries;
    const all = canaries.join(" ");
    const escaped = all.replaceAll("-", "\\u002d");
    const headers = { "x-request-id": all, location: "https://" + apiKey + ".example/" + all, "x-echo": all };
    const bodies = [
      JSON.stringify({ error: { code: 400, message: all, metadata: { [all]: [all] } }, user_id: all, openrouter_metadata: { raw: all } }),
      '{"error":{"code":400,"message":"' + escaped + '","metadata":{"raw":"' + escaped + '"}}}',
      "<html>" + all + "</html>",
      "not JSON " + all,
    ];
    const replies = [400, 401, 500, 302, 200].flatMap((status) => bodies.map((body) => ({ status, headers, body })));
    replies.push(testing.rejection(new TypeError(all, { cause: new Error(all) })), testing.created(created));
    const keys = new api.OpenRouterKeys({
      apiKey,
      headers: { "x-gateway": gateway },
      retry: false,
      fetch: testing.fakeFetch(replies),
    });
    const create = () => keys.create({ name: "Customer 42", limit: 1, external: { user: "partner", apiKey: partner } });
    for (let count = 1; count < replies.length; count++) await create().catch((error) => error);
    await create();
    const signal = AbortSignal.abort(new Error(all));
    await keys.list({}, { signal }).catch((error) => error);
    keys.dispose();
    result = canaries.map((canary) => count(canary));
    `,
    COUNT,
  );
  assert.deepEqual(left, [0, 0, 0, 0]);
});

test("a listing frees its memory when it ends, is left early or fails", async (context) => {
  const free = context.mock.method(Listing.prototype, "free");
  const { keys } = clientOver([listed([]), listed([PAGE[0]])]);
  await keys.listAll().toArray();
  assert.equal(free.mock.callCount(), 1);
  for await (const _ of keys.listAll()) break;
  assert.equal(free.mock.callCount(), 2);
  await failureOf(keys.listAll({}, { retry: false }).toArray());
  assert.equal(free.mock.callCount(), 3);
});
