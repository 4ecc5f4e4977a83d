// Platforms that lack what Node has, and values from another realm.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Readable } from "node:stream";
import { runInNewContext } from "node:vm";

import { ConnectionError, NotFoundError, OpenRouterKeys } from "../../npm/index.js";
import { created, key, listed } from "../../npm/testing.js";
import { clientOver, failureOf, inAnotherProcess, PARAMS } from "./harness.mjs";

const SECRET = "sk-or-v1-of-the-new-key";
const BODY = JSON.stringify({ key: SECRET, data: key() });
const bytesOf = (text) => new TextEncoder().encode(text);

/** The secret that a create returns from this response. */
const secretOf = async (response, options) => (await clientOver([], { ...options, fetch: async () => response }).keys.create(PARAMS)).key;

/** A body that can be read once, like the platform's. */
function once(read) {
  let isRead = false;
  return async () => {
    if (isRead) throw new TypeError("Already read");
    isRead = true;
    return read();
  };
}

test("a secret arrives by any way in which the platform lets a body be read", async () => {
  const missing = async () => {
    throw new Error("FileReader.readAsArrayBuffer is not implemented");
  };
  const reader = () => Readable.toWeb(Readable.from([bytesOf(BODY)])).getReader();
  const foreign = runInNewContext("(bytes) => Uint8Array.from(bytes)");
  const responses = {
    "arrayBuffer alone": { arrayBuffer: once(() => bytesOf(BODY).buffer) },
    "arrayBuffer of another realm": { arrayBuffer: once(() => foreign(bytesOf(BODY)).buffer) },
    "text alone": { text: once(() => BODY) },
    "blob alone": { blob: once(() => new Blob([BODY])) },
    "json alone": { json: once(() => JSON.parse(BODY)) },
    "arrayBuffer that fails, and text": { arrayBuffer: missing, text: once(() => BODY) },
    "React Native": { body: undefined, clone: () => ({ arrayBuffer: missing, text: async () => BODY }), arrayBuffer: missing, text: once(() => BODY) },
    "a stream of Node": { body: Readable.from([BODY.slice(0, 20), BODY.slice(20)].map(bytesOf)) },
    "a stream of Node that gives texts": { body: Readable.from([BODY.slice(0, 20), BODY.slice(20)]) },
    "an async generator": { body: (async function* () { yield bytesOf(BODY); })() },
    "an object with getReader": { body: { getReader: reader } },
    "a stream of strings": { body: ReadableStream.from([BODY.slice(0, 20), BODY.slice(20)]) },
    "a stream of buffers": { body: ReadableStream.from([bytesOf(BODY.slice(0, 20)).buffer, foreign(bytesOf(BODY.slice(20))).buffer]) },
    "an async generator of buffers": { body: (async function* () { yield bytesOf(BODY).buffer; })() },
    "arrayBuffer that gives nothing, and text": { arrayBuffer: async () => undefined, text: once(() => BODY) },
    "arrayBuffer that gives bytes": { arrayBuffer: async () => Buffer.from(BODY) },
    "a text as body": { body: BODY },
    "bytes as body": { body: bytesOf(BODY) },
    "bytes of another realm as body": { body: foreign(bytesOf(BODY)) },
    "a buffer as body": { body: bytesOf(BODY).buffer },
    "a buffer of another realm as body": { body: foreign(bytesOf(BODY)).buffer },
    "a Blob as body": { body: new Blob([BODY]) },
    "a form as body": { body: new URLSearchParams(), text: async () => BODY },
  };
  for (const [what, response] of Object.entries(responses)) {
    assert.equal(await secretOf({ status: 201, ...response }), SECRET, what);
  }
});

test("the limit applies to a body that is read at once or by iteration", async () => {
  for (const response of [{ text: async () => BODY }, { body: Readable.from([bytesOf(BODY)]) }, { body: BODY }]) {
    const { keys } = clientOver([], { maxSuccessBytes: 50, fetch: async () => ({ status: 200, ...response }) });
    assert.equal((await failureOf(keys.list())).code, "body_too_large");
  }
});

test("a stream that is not read to the end is closed", async () => {
  let isClosed = false;
  const body = (async function* () {
    try {
      for (;;) yield bytesOf(BODY);
    } finally {
      isClosed = true;
    }
  })();
  const { keys } = clientOver([], { maxSuccessBytes: 50, fetch: async () => ({ status: 200, body }) });
  await failureOf(keys.list());
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(isClosed);
});

test("a body that arrives in one piece may take longer than the idle time", async () => {
  const keys = new OpenRouterKeys({
    apiKey: "sk-or-v1-x",
    idleTimeoutMs: 1,
    fetch: async () => ({ status: 200, text: () => new Promise((resolve) => setTimeout(resolve, 30, JSON.stringify({ data: [] }))) }),
  });
  assert.deepEqual((await keys.list()).data, []);
});

test("a body that breaks off is a broken connection, with the status", async () => {
  for (const response of [
    { text: async () => { throw new TypeError("terminated"); } },
    { body: (async function* () { yield bytesOf("{"); throw new Error("ECONNRESET"); })() },
  ]) {
    const { keys } = clientOver([], { fetch: async () => ({ status: 201, ...response }), retry: false });
    const error = await failureOf(keys.create(PARAMS));
    assert.ok(error instanceof ConnectionError, String(error));
    assert.equal(error.status, 201);
    assert.equal(error.effect, "may_have_created");
  }
});

test("values from another realm are accepted like those of this one", async () => {
  const realm = runInNewContext("({ date: new Date(Date.UTC(2030, 5, 1, 12)), params: { name: 'a', limit: 1 }, list: ['cli'], pairs: [['x-team', 'billing']], map: new Map([['x-team', 'billing']]) })");
  const { keys, fetch } = clientOver([created("sk-or-v1-new"), listed([]), listed([])], { categories: realm.list });
  await keys.create({ ...realm.params, expiresAt: realm.date });
  assert.equal(fetch.requests[0].json.expires_at, "2030-06-01T12:00:00Z");
  await keys.list({}, { headers: realm.pairs });
  await keys.list({}, { headers: realm.map });
  for (const { headers } of fetch.requests.slice(1)) assert.equal(headers["x-team"], "billing");
});

test("an invalid Date is refused as such, and other objects by their kind", async () => {
  const { keys } = clientOver([]);
  const says = async (expiresAt, text) => assert.ok((await failureOf(keys.create({ ...PARAMS, expiresAt }))).message.includes(text), text);
  await says(new Date(NaN), "not an invalid Date");
  await says(runInNewContext("new Date(NaN)"), "not an invalid Date");
  await says(Promise.resolve("2030-01-01T00:00:00Z"), "not a Promise object");
  await says(new Map(), "not a Map object");
  await says(5, "not 5");
});

test("a URL object from any library can be the base URL", async () => {
  class OtherURL {
    constructor(href) {
      this.href = href;
    }
    toString() {
      return this.href;
    }
  }
  for (const baseUrl of [new URL("https://gateway.example/v1"), new OtherURL("https://gateway.example/v1"), "https://gateway.example/v1"]) {
    const { keys, fetch } = clientOver([listed([])], { baseUrl });
    await keys.list();
    assert.equal(fetch.requests[0].url, "https://gateway.example/v1/keys");
  }
  const { keys, fetch } = clientOver([listed([])], { baseUrl: new URL("https://bücher.example/v1") });
  await keys.list();
  assert.equal(fetch.requests[0].url, "https://xn--bcher-kva.example/v1/keys");
});

test("a library's signal ends a call", async () => {
  const listeners = new Set();
  const signal = { aborted: false, addEventListener: (_, listener) => listeners.add(listener), removeEventListener: (_, listener) => listeners.delete(listener) };
  const { keys } = clientOver(() => ({ ...listed([]), delayMs: Infinity }));
  const call = failureOf(keys.list({}, { signal }));
  await new Promise((resolve) => setImmediate(resolve));
  signal.aborted = true;
  for (const listener of listeners) listener();
  assert.equal((await call).code, "aborted");
  assert.equal(listeners.size, 0);
});

/** What to delete. Node needs some of it to load its `fetch`, which happens first. */
const MISSING = {
  "TextDecoder and TextEncoder": "delete globalThis.TextDecoder; delete globalThis.TextEncoder;",
  "AbortController and AbortSignal": "delete globalThis.AbortController; delete globalThis.AbortSignal;",
  "queueMicrotask and structuredClone": "delete globalThis.queueMicrotask; delete globalThis.structuredClone;",
  performance: "delete globalThis.performance;",
  crypto: "delete globalThis.crypto;",
  URL: "delete globalThis.URL; delete globalThis.URLSearchParams;",
  FinalizationRegistry: "delete globalThis.FinalizationRegistry; delete globalThis.WeakRef;",
  "streams, Response, Request, Headers and fetch":
    "for (const name of ['ReadableStream', 'WritableStream', 'TransformStream', 'Response', 'Request', 'Headers', 'fetch', 'Blob', 'FormData']) delete globalThis[name];",
  "Promise.withResolvers": "delete Promise.withResolvers;",
};

test("whatever a platform lacks, a client with a custom fetch creates and lists keys", () => {
  const body = `
    const name = "Kunde 42 – \u{1F511}";
    const fetch = async (url, { method }) => ({
      status: method === "POST" ? 201 : 200,
      headers: { "x-request-id": "id" },
      text: async () => method === "POST" ? JSON.stringify({ key: "${SECRET}", data: { name } }) : '{"data":[]}',
    });
    const keys = new api.OpenRouterKeys({ apiKey: "sk-or-v1-x", fetch });
    const made = await keys.create({ name, limit: 1 });
    const { data, response } = await keys.list().withResponse();
    result = [made.key, made.data.name === name, data.data.length, response.requestId, response.headers.get("x-request-id")];
  `;
  const all = Object.values(MISSING).join("");
  for (const [what, globals] of [...Object.entries(MISSING), ["all of them", all]]) {
    assert.deepEqual(inAnotherProcess(body, `void Response; ${globals}`), [SECRET, true, 0, "id", "id"], what);
  }
});

test("without a fetch, the error says so and that nothing was created", () => {
  const body = `
    const keys = new api.OpenRouterKeys({ apiKey: "sk-or-v1-x", retry: false });
    const error = await keys.create({ name: "a", limit: 1 }).catch((error) => error);
    result = [error.code, error.effect, error.cause.message];
  `;
  const [code, effect, cause] = inAnotherProcess(body, "delete globalThis.fetch");
  assert.deepEqual([code, effect], ["setup", "nothing"]);
  assert.match(cause, /no fetch: pass a function/);
});

test("without WebAssembly, helpers and error classes work, and a client says what is missing", () => {
  const body = `
    let error;
    try { new api.OpenRouterKeys({ apiKey: "sk-or-v1-x" }); } catch (thrown) { error = thrown; }
    result = [api.toDate("2030-01-01T00:00:00Z").getTime(), error.name, error.code, error.effect, error.message];
  `;
  const [time, name, code, effect, message] = inAnotherProcess(body, "delete globalThis.WebAssembly");
  assert.deepEqual([time, name, code, effect], [Date.UTC(2030, 0, 1), "ConnectionError", "setup", "nothing"]);
  assert.match(message, /no WebAssembly/);
});

test("an error about a policy that blocks WebAssembly names the least permissive remedy", () => {
  const body = `
    let error;
    try { new api.OpenRouterKeys({ apiKey: "sk-or-v1-x" }); } catch (thrown) { error = thrown; }
    result = error.message;
  `;
  const blocked = `WebAssembly.Module = function () { throw new WebAssembly.CompileError("WebAssembly.Module(): Compiling or instantiating WebAssembly module violates the following Content Security policy directive because neither 'unsafe-eval' nor 'wasm-unsafe-eval' is an allowed source"); }`;
  assert.match(inAnotherProcess(body, blocked), /^new OpenRouterKeys: the Content-Security-Policy .*add 'wasm-unsafe-eval' to its script-src/);
});

test("an error about a platform that compiles no WebAssembly names the export conditions that work there", () => {
  const body = `
    try { new api.OpenRouterKeys({ apiKey: "sk-or-v1-x" }); } catch ({ message, code, effect }) { result = { message, code, effect }; }
  `;
  const texts = [
    "WebAssembly.Module(): Wasm code generation disallowed by embedder",
    "Dynamic WASM code generation (e. g. 'WebAssembly.compile') not allowed in Edge Runtime",
  ];
  for (const text of texts) {
    const blocked = `WebAssembly.Module = function () { throw new WebAssembly.CompileError(${JSON.stringify(text)}); }`;
    const { message, ...error } = inAnotherProcess(body, blocked);
    assert.deepEqual(error, { code: "setup", effect: "nothing" });
    assert.match(message, /export condition workerd \(Cloudflare\) or edge-light \(Vercel\).*nothing was created or changed/);
  }
});

for (const [place, globals] of [["with Node's fetch", ""], ["with Node's fetch and no Request", "delete globalThis.Request;"]]) {
  test(`a call works and can be aborted with jsdom's AbortController, ${place}`, () => {
    const jsdom = `
      // Node 20 accepts any signal, later versions only their own.
      const Own = AbortSignal;
      const checked = (init) => {
        if (init?.signal && !(init.signal instanceof Own)) throw new TypeError("RequestInit: Expected signal to be an instance of AbortSignal.");
        return init;
      };
      const nodeFetch = globalThis.fetch;
      globalThis.fetch = async (url, init) => nodeFetch(url, checked(init));
      globalThis.Request = class extends Request {
        constructor(url, init) {
          super(url, checked(init));
        }
      };
      globalThis.AbortSignal = class AbortSignal extends EventTarget { aborted = false; };
      globalThis.AbortController = class AbortController {
        signal = new AbortSignal();
        abort() {
          this.signal.aborted = true;
          this.signal.dispatchEvent(new Event("abort"));
        }
      };
      ${globals}
    `;
    const body = `
      const { createServer } = await import("node:http");
      const { once } = await import("node:events");
      const server = createServer((request, response) => {
        if (request.url.endsWith("/keys")) response.end(JSON.stringify({ data: [] }));
        else response.on("close", () => server.emit("left"));
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const baseUrl = "http://127.0.0.1:" + server.address().port;
      const given = typeof Request === "function" ? {} : { fetch };
      const keys = new api.OpenRouterKeys({ apiKey: "sk-or-v1-x", baseUrl, retry: false, ...given });
      const { data } = await keys.list();
      const left = once(server, "left");
      const controller = new AbortController();
      const call = keys.get("f".repeat(64), { signal: controller.signal }).catch((error) => error);
      await once(server, "request");
      controller.abort();
      await left;
      result = { data, code: (await call).code };
      server.close();
      server.closeAllConnections();
    `;
    assert.deepEqual(inAnotherProcess(body, jsdom), { data: [], code: "aborted" });
  });
}

test("headers named like properties of every object are sent, or refused by name", async () => {
  const names = ["constructor", "hasOwnProperty", "toString", "valueOf", "isPrototypeOf"];
  for (const form of [(name) => ({ [name]: "kept" }), (name) => [[name, "kept"]]]) {
    for (const name of names) {
      const { keys, fetch } = clientOver([listed([])]);
      await keys.list({}, { headers: form(name) });
      assert.equal(fetch.requests[0].headers[name.toLowerCase()], "kept", name);
    }
    const { keys, fetch } = clientOver([]);
    const error = await failureOf(keys.list({}, { headers: form("__proto__") }));
    assert.equal(error.argument, "headers");
    assert.match(error.message, /__proto__/);
    assert.equal(fetch.requests.length, 0);
  }
});

test("response headers named like properties of every object are kept", async () => {
  const given = [["__proto__", "a"], ["constructor", "b"], ["hasOwnProperty", "c"], ["toString", "d"]];
  const own = JSON.parse('{"__proto__":"a","constructor":"b","hasOwnProperty":"c","toString":"d"}');
  for (const headers of [new Headers(given), given, own, new Map(given)]) {
    const { keys } = clientOver([], { fetch: async () => ({ status: 404, headers, text: async () => "" }) });
    assert.ok((await failureOf(keys.get("f".repeat(64)))) instanceof NotFoundError);
    const ok = clientOver([], { fetch: async () => ({ status: 200, headers, text: async () => '{"data":[]}' }) });
    const { response } = await ok.keys.list().withResponse();
    for (const [name, value] of given) assert.equal(response.headers.get(name), value, name);
  }
});
