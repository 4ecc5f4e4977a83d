// What a call returns: a promise of its value, and of more.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Call, NotFoundError, OpenRouterKeys, ResponseInfo } from "../../npm/index.js";
import { apiError, created, current, deleted, fakeFetch, found, key, listed, refused, reply } from "../../npm/testing.js";
import { API_KEY, clientOver, failureOf, HASH, inAnotherProcess, OPERATIONS, PARAMS } from "./harness.mjs";

const ANSWERS = {
  list: () => listed([key()]),
  create: () => created("sk-or-v1-new"),
  get: () => found(),
  update: () => found(),
  delete: () => deleted(),
  getCurrentKeyMetadata: () => current(),
};

/** The codes of unhandled rejections. */
const unhandledIn = (body) =>
  inAnotherProcess(`
    result = [];
    process.on("unhandledRejection", ({ code }) => result.push(code));
    const keys = new api.OpenRouterKeys({ apiKey: "sk-or-v1-test", fetch: testing.fakeFetch([testing.apiError(404)]) });
    ${body};
  `);

test("every operation returns a call, which is a promise", async () => {
  for (const [operation, call] of Object.entries(OPERATIONS)) {
    const { keys } = clientOver([ANSWERS[operation]()]);
    const made = call(keys);
    assert.ok(made instanceof Call, operation);
    assert.ok(made instanceof Promise, operation);
    assert.notEqual(await made, undefined);
  }
});

test("withResponse returns the same value, with the response's metadata", async () => {
  const headers = { "x-request-id": "req-1", "x-ratelimit-limit": "10", "x-ratelimit-remaining": "9", "x-ratelimit-reset": "1893456000" };
  for (const [operation, call] of Object.entries(OPERATIONS)) {
    const canned = ANSWERS[operation]();
    const { keys } = clientOver([refused(), { ...canned, headers }]);
    const made = call(keys);
    const { data, response } = await made.withResponse();
    assert.equal(data, await made, operation);
    assert.ok(response instanceof ResponseInfo);
    assert.equal(response.status, canned.status);
    assert.equal(response.attempts, 2);
    assert.equal(response.requestId, "req-1");
    assert.deepEqual(response.rateLimit, { limit: 10, remaining: 9, reset: 1893456000 });
    assert.equal(response.headers.get("X-Request-Id"), "req-1");
  }
});

test("withResponse can be called late and twice, and resends nothing", async () => {
  const { keys, fetch } = clientOver([found()]);
  const made = keys.get(HASH);
  const data = await made;
  assert.equal((await made.withResponse()).data, data);
  assert.equal((await made.withResponse()).data, data);
  assert.equal(fetch.requests.length, 1);
});

test("the headers are a new copy each time", async () => {
  const { keys } = clientOver([found()]);
  const { response } = await keys.get(HASH).withResponse();
  response.headers.set("content-type", "text/plain");
  assert.equal(response.headers.get("content-type"), "application/json");
});

test("a failure is the same error either way", async () => {
  const { keys } = clientOver([apiError(404, "no such key")]);
  const made = keys.get(HASH);
  const error = await failureOf(made);
  assert.ok(error instanceof NotFoundError);
  assert.equal(await failureOf(made.withResponse()), error);
});

test("a failed call of which only withResponse is awaited causes no unhandled rejection", () => {
  assert.deepEqual(unhandledIn('await keys.get("abc").withResponse().catch(() => {})'), []);
});

test("a failed call of which only the value is awaited causes no unhandled rejection", () => {
  assert.deepEqual(unhandledIn('await keys.get("abc").catch(() => {})'), []);
});

test("a failed call that is not awaited is unhandled once, like any promise", () => {
  assert.deepEqual(unhandledIn('keys.get("abc")'), ["not_found"]);
});

test("a refused argument rejects and never throws", () => {
  const { keys } = clientOver([]);
  for (const call of [() => keys.get(5), () => keys.create(), () => keys.update(HASH, null), () => keys.list({}, 5)]) {
    assert.doesNotThrow(() => call().catch(() => {}));
  }
});

test("chaining a call returns a plain promise", async () => {
  const { keys } = clientOver([found()]);
  const chained = keys.get(HASH).then(({ name }) => name);
  assert.equal(chained.constructor, Promise);
  await chained;
});

test("a field that the response lacks is not a property of the value", async () => {
  const { keys } = clientOver([reply(200, { data: { hash: HASH, limit: null } }), reply(200, { data: [] })]);
  assert.deepEqual(Object.keys(await keys.get(HASH)).sort(), ["hash", "limit"]);
  const { data, response } = await keys.list().withResponse();
  assert.deepEqual(Object.keys(data), ["data"]);
  assert.deepEqual(Object.keys(response).sort(), ["attempts", "rateLimit", "status"]);
});

test("then, catch, finally and the statics of Promise work on calls", async () => {
  const { keys } = clientOver([found({ name: "a" }), apiError(404), found({ name: "b" }), found({ name: "c" }), found({ name: "d" })]);
  assert.equal(await keys.get(HASH).then(({ name }) => name), "a");
  assert.equal(await keys.get(HASH).catch(({ status }) => status), 404);
  let ended = false;
  await keys.get(HASH).finally(() => {
    ended = true;
  });
  assert.equal(ended, true);
  const all = await Promise.all([keys.get(HASH), keys.get(HASH)]);
  assert.deepEqual(all.map(({ name }) => name).sort(), ["c", "d"]);
});

test("a waiting call blocks no other: a thousand at once all end", async () => {
  const { keys, fetch } = clientOver(() => found());
  const values = await Promise.all(Array.from({ length: 1000 }, () => keys.get(HASH)));
  assert.equal(values.length, 1000);
  assert.equal(fetch.requests.length, 1000);
});

test("the methods need no set-up: the default clock and a fetch are enough", async () => {
  const keys = new OpenRouterKeys({ apiKey: "sk-or-v1-test", fetch: fakeFetch([created("sk-or-v1-new")]) });
  assert.equal((await keys.create(PARAMS)).key, "sk-or-v1-new");
});

test("a fetch function is called with a URL and plain options that forbid redirects", async () => {
  const calls = [];
  const fetch = async (...given) => {
    calls.push(given);
    return Response.json({ key: "sk-or-v1-new", data: {} });
  };
  const { keys } = clientOver([], { fetch });
  await keys.create(PARAMS);
  const [[url, { signal, headers, ...init }, ...others]] = calls;
  assert.equal(url, "https://openrouter.ai/api/v1/keys");
  assert.ok(signal instanceof AbortSignal);
  assert.deepEqual({ ...headers }, {
    accept: "application/json",
    authorization: `Bearer ${API_KEY}`,
    "content-type": "application/json",
  });
  assert.deepEqual(init, {
    method: "POST",
    redirect: "manual",
    body: '{"name":"Customer 42","limit":25}',
  });
  assert.deepEqual(others, []);
});

test("the global fetch is looked up at each call, with options that add nothing", async () => {
  const original = globalThis.fetch;
  const keys = new OpenRouterKeys({ apiKey: "sk-or-v1-test" });
  const seen = [];
  try {
    globalThis.fetch = async (url, init) => {
      const { method, credentials, cache, referrerPolicy, redirect } = init;
      seen.push([method, url, credentials, cache, referrerPolicy, redirect].join(" "));
      return Response.json({ data: [] });
    };
    assert.deepEqual((await keys.list()).data, []);
  } finally {
    globalThis.fetch = original;
  }
  assert.deepEqual(seen, ["GET https://openrouter.ai/api/v1/keys omit no-store no-referrer manual"]);
});

test("a fake queueMicrotask that runs nothing does not block later calls", () => {
  for (const fake of ["() => {}", "() => { throw new Error('a fake') }", "undefined"]) {
    const came = inAnotherProcess(`
      // No Response: Node's uses what is faked.
      const start = (controller) => {
        controller.enqueue(new TextEncoder().encode('{"key":"sk-or-v1-new"}'));
        controller.close();
      };
      const fetch = async () => ({ status: 201, headers: {}, body: new ReadableStream({ start }) });
      const create = () => new api.OpenRouterKeys({ apiKey: "sk-or-v1-test", timeoutMs: 500, fetch }).create({ name: "x", limit: 1 });
      const real = globalThis.queueMicrotask;
      globalThis.queueMicrotask = ${fake};
      create().catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 20));
      globalThis.queueMicrotask = real;
      create().then(({ key }) => (result = key));
      await new Promise((resolve) => setTimeout(resolve, 1000));
    `);
    assert.equal(came, "sk-or-v1-new", fake);
  }
});
