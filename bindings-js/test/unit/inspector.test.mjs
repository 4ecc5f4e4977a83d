// What an attached inspector receives and can look up: Node's here, Chromium's in
// `test/runtimes/pages.mjs`.

import assert from "node:assert/strict";
import { console as inspectorConsole, Session } from "node:inspector";
import { test } from "node:test";
import { inspect } from "node:util";

import { OpenRouterKeys } from "../../npm/index.js";
import { created, current, found, key, listed, reply } from "../../npm/testing.js";
import { clientOver, failureOf, HASH } from "./harness.mjs";

const API_KEY = "sk-or-v1-canary-of-the-management-key-0123456789";
const SECRET = "sk-or-v1-canary-of-the-created-key-0123456789abc";
const GATEWAY = "canary-of-the-gateway-token-0123456789";
const PARTNER = "canary-of-the-partners-own-key-0123456789";
const SECRETS = [API_KEY, SECRET, GATEWAY, PARTNER];
const OPTIONS = { apiKey: API_KEY, headers: { "x-gateway-token": GATEWAY } };
const PARAMS = { name: "Customer 42", limit: 1, external: { user: "partner", apiKey: PARTNER } };
/** How deep properties are followed from an object; a class's module is further away. */
const DEPTH = 4;

/** Everything that contains, contained or was created with a secret. */
async function objects() {
  const echoing = { headers: { "x-echo": [API_KEY, SECRET].join() } };
  const script = [created(SECRET, {}, echoing), created(SECRET), reply(403, { error: { code: 403, message: SECRETS.join() } }), listed([key()])];
  const { keys } = clientOver(({ method, path }) => {
    if (path.endsWith("/key")) return current();
    if (method === "DELETE") return reply(200, { deleted: true });
    if (path.endsWith(HASH)) return found();
    return script.shift() ?? listed([]);
  }, OPTIONS);
  const call = keys.create(PARAMS);
  const withResponse = call.withResponse();
  const { data, response } = await withResponse;
  const temporary = await keys.temporary({ ...PARAMS, lifetimeMs: 60_000 });
  const error = await failureOf(keys.create(PARAMS));
  const listing = keys.listAll({}, { headers: { "x-gateway-token": GATEWAY } });
  await listing.next();
  return { keys, call, withResponse, data, response, temporary, closing: temporary.close(), error, listing };
}

/** What the inspector receives during the work, and a way to query it. */
async function inspected(work) {
  const session = new Session();
  const sent = [];
  session.connect();
  session.on("inspectorNotification", (message) => sent.push(message));
  const post = (method, params) =>
    new Promise((resolve, reject) => session.post(method, params, (error, result) => (error ? reject(error) : resolve(result))));
  try {
    await post("Runtime.enable");
    return await work(post, sent);
  } finally {
    session.disconnect();
  }
}

const hides = (messages, what) => {
  const text = JSON.stringify(messages);
  for (const secret of SECRETS) assert.ok(!text.includes(secret), `${what} shows ${secret}`);
};

test("the console sends an attached inspector no secret", async () => {
  const all = await objects();
  await inspected(async (post, sent) => {
    for (const value of [...Object.values(all), Object.values(all), all]) {
      for (const method of ["log", "error", "dir", "table", "trace"]) inspectorConsole[method](value);
    }
    assert.ok(sent.some(({ method }) => method === "Runtime.consoleAPICalled"));
    hides(sent, "the console");
  });
});

test("an inspector that follows private and internal properties finds no secret", async () => {
  const all = await objects();
  globalThis.inspectedHere = all;
  await inspected(async (post) => {
    for (const name of Object.keys(all)) {
      const { result } = await post("Runtime.evaluate", { expression: `inspectedHere.${name}`, generatePreview: true });
      hides(result, name);
      let ids = [result.objectId];
      for (let depth = 0; depth < DEPTH; depth++) {
        const next = [];
        for (const objectId of ids) {
          const properties = await post("Runtime.getProperties", { objectId, ownProperties: true, generatePreview: true });
          hides(properties, `${name}, ${depth + 1} steps away,`);
          const values = [properties.result, properties.privateProperties ?? [], properties.internalProperties ?? []].flat();
          next.push(...values.flatMap(({ value, get }) => [value, get]).map((value) => value?.objectId).filter(Boolean));
        }
        ids = next;
      }
    }
  });
  delete globalThis.inspectedHere;
});

test("what Node prints with hidden properties and getters shows no secret", async () => {
  const all = await objects();
  for (const options of [{ showHidden: true }, { showHidden: true, getters: true }, { showHidden: true, showProxy: true, getters: "get", depth: 9 }]) {
    for (const [name, value] of Object.entries({ ...all, response: undefined, withResponse: undefined })) hides(inspect(value, options), name);
  }
  assert.match(inspect(all.data), /^Created \{\n? *data: \{/);
  assert.match(inspect({ deep: { deeper: all.temporary } }), /TemporaryKey \{/);
  assert.match(inspect({ a: { b: { c: all.data } } }), /\[Created\]/);
});

test("a copy and a proxy of a created key say that they have no secret", async () => {
  const { data } = await objects();
  assert.equal(data.key, SECRET);
  const { get } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(data), "key");
  assert.throws(() => get.call({ ...data }), TypeError);
  assert.throws(() => new Proxy(data, {}).key, TypeError);
  assert.ok(new OpenRouterKeys({ apiKey: API_KEY }));
});
