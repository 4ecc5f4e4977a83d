// A fetch function also makes other requests: their failures say nothing about the
// client's.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";

import { ConnectionError, OpenRouterKeys } from "../../npm/index.js";
import { created, fakeFetch, lost, refused, virtualClock } from "../../npm/testing.js";
import { API_KEY, failureOf, inAnotherProcess, PARAMS } from "./harness.mjs";

const listening = (server) => new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${server.address().port}`)));
const closed = (server) => new Promise((resolve) => server.close(resolve));

/** Calls with the URLs of an API and of a log whose server is down, and with the API's count of creates. */
async function withServers(use) {
  let made = 0;
  const api = createServer((request, response) => {
    request.resume().on("end", () => {
      made += 1;
      response.writeHead(201, { "content-type": "application/json", connection: "close" });
      response.end('{"key":"sk-or-v1-made","data":{}}');
    });
  });
  const log = createServer();
  const [apiUrl, logUrl] = await Promise.all([listening(api), listening(log)]);
  await closed(log);
  try {
    await use(apiUrl, logUrl, () => made);
  } finally {
    await closed(api);
  }
}

/** The create was sent once and reported as one that may have succeeded. */
async function isReportedOnce(keys, made) {
  const error = await failureOf(keys.create(PARAMS));
  assert.ok(error instanceof ConnectionError);
  assert.equal(error.code, "connection");
  assert.equal(error.effect, "may_have_created");
  assert.equal(error.mayHaveCreated.name, PARAMS.name);
  assert.equal(error.attempts, 1);
  assert.equal(made(), 1);
  return error;
}

const logged = (original, logUrl) => async (url, init) => {
  const response = await original(url, init);
  await original(logUrl, { method: "POST", body: String(response.status) });
  return response;
};

test("a create is sent once even if the fetch function's log refuses connections", () =>
  withServers(async (baseUrl, logUrl, made) => {
    const keys = new OpenRouterKeys({ apiKey: API_KEY, baseUrl, fetch: logged(fetch, logUrl) });
    const { cause } = await isReportedOnce(keys, made);
    assert.match(cause.message, /^the fetch function failed: .*ECONNREFUSED/);
  }));

test("a create is sent once even if a replacement of the global fetch fails to log", () =>
  withServers(async (baseUrl, logUrl, made) => {
    const original = globalThis.fetch;
    globalThis.fetch = logged(original, logUrl);
    try {
      await isReportedOnce(new OpenRouterKeys({ apiKey: API_KEY, baseUrl }), made);
    } finally {
      globalThis.fetch = original;
    }
  }));

test("a create is sent once even if an earlier replacement of the global fetch fails to log", () => {
  // It waits first, so that nothing ties its requests to the create.
  const log = `async function fetch(url, init) {
    await undefined;
    const response = await original(url, init);
    await original(globalThis.logUrl, { method: "POST", body: "" });
    return response;
  }`;
  const body = `
    const { createServer } = await import("node:http");
    let made = 0;
    const server = createServer((request, response) => {
      made++;
      response.writeHead(201, { connection: "close" }).end('{"key":"sk-or-v1-made","data":{}}');
    });
    const closed = createServer();
    for (const one of [server, closed]) await new Promise((resolve) => one.listen(0, "127.0.0.1", resolve));
    globalThis.logUrl = "http://127.0.0.1:" + closed.address().port;
    await new Promise((resolve) => closed.close(resolve));
    const keys = new api.OpenRouterKeys({ apiKey: "k", baseUrl: "http://127.0.0.1:" + server.address().port });
    const { code, effect } = await keys.create({ name: "a", limit: 1 }).catch((error) => error);
    result = [code, effect, made];
    server.close();
  `;
  for (const wrapped of [log, `new Proxy(${log}, {})`, `(${log}).bind(undefined)`]) {
    const globals = `const original = fetch; globalThis.fetch = ${wrapped}`;
    assert.deepEqual(inAnotherProcess(body, globals), ["connection", "may_have_created", 1]);
  }
});

test("the runtime's own fetch is recognized when it is passed", () =>
  withServers(async (_, baseUrl) => {
    const error = await failureOf(new OpenRouterKeys({ apiKey: API_KEY, baseUrl, fetch }).create(PARAMS));
    assert.deepEqual([error.code, error.effect, error.attempts], ["connect", "nothing", 3]);
  }));

test("the runtime's own fetch reports that nobody listens", () =>
  withServers(async (_, baseUrl) => {
    const error = await failureOf(new OpenRouterKeys({ apiKey: API_KEY, baseUrl }).create(PARAMS));
    assert.equal(error.code, "connect");
    assert.equal(error.effect, "nothing");
    assert.equal(error.attempts, 3);
  }));

test("a fake fetch's codes are trusted, and those of a function around it are not", async () => {
  const clock = virtualClock();
  const fake = fakeFetch([refused(), created("sk-or-v1-new"), lost(), refused(), created("sk-or-v1-doubled")], { clock });
  const options = { apiKey: API_KEY, clock };
  const keys = new OpenRouterKeys({ ...options, fetch: fake });
  assert.equal((await keys.create(PARAMS)).key, "sk-or-v1-new");
  assert.equal((await failureOf(keys.create(PARAMS))).code, "disconnected");
  const around = new OpenRouterKeys({ ...options, fetch: (...given) => fake(...given) });
  assert.equal((await failureOf(around.create(PARAMS))).effect, "may_have_created");
  assert.equal(fake.requests.length, 4);
  assert.deepEqual(Object.keys(fake), ["requests", "assertDone"]);
});
