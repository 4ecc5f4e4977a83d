// A key for this machine in plain text bypasses every proxy, or is not sent.

import assert from "node:assert/strict";
import { test } from "node:test";

import { OpenRouterKeys } from "../../npm/index.js";
import { API_KEY, failureOf, PARAMS } from "./harness.mjs";

const GLOBAL = ["undici.globalDispatcher.1", "undici.globalDispatcher.2"].map((name) => Symbol.for(name));
const LOCAL = ["http://127.0.0.1:9/api/v1", "http://localhost:9/api/v1", "http://LOCALHOST/api/v1", "http://keys.localhost:9/api/v1", "http://[::1]:9/api/v1", "http://127.8.9.1/api/v1"];

/** Calls with a fake global fetch that records its options, under these global values. */
async function withGlobals(values, use) {
  // Assigned: Node defines its own for good.
  const kept = Reflect.ownKeys(values).map((name) => [name, name in globalThis, globalThis[name]]);
  const seen = [];
  const original = globalThis.fetch;
  globalThis.fetch = async (url, init) => {
    seen.push(init);
    return Response.json({ data: [] });
  };
  Object.assign(globalThis, values);
  try {
    await use(seen);
  } finally {
    globalThis.fetch = original;
    for (const [name, isThere, value] of kept) {
      if (isThere) globalThis[name] = value;
      else delete globalThis[name];
    }
  }
}

const client = (baseUrl, options) => new OpenRouterKeys({ apiKey: API_KEY, baseUrl, ...options });

async function isRefused(baseUrl, seen, remedy) {
  for (const call of [(keys) => keys.list(), (keys) => keys.create(PARAMS), (keys) => keys.listAll().toArray()]) {
    const error = await failureOf(call(client(baseUrl)));
    assert.deepEqual([error.code, error.effect, error.isRetryable, error.attempts], ["setup", "nothing", false, 1], baseUrl);
    assert.match(`${error.message} ${error.cause.message}`, remedy);
  }
  assert.equal(seen.length, 0);
}

/** As undici marks its agents: by its own symbols. */
const agent = (...marks) => Object.fromEntries(marks.map((mark) => [Symbol(mark), { mark }]));

for (const symbol of GLOBAL) {
  test(`plain http to this machine is refused if ${symbol.description} is a proxy`, () =>
    withGlobals({ [symbol]: agent("proxy agent", "proxy headers") }, async (seen) => {
      for (const baseUrl of LOCAL) await isRefused(baseUrl, seen, /proxy would see the API key.*dispatcher/);
    }));

  test(`plain http to this machine bypasses the environment's proxies if ${symbol.description} uses them`, () =>
    withGlobals({ [symbol]: agent("http proxy agent", "no proxy agent") }, async (seen) => {
      for (const baseUrl of LOCAL) await client(baseUrl).list();
      assert.deepEqual(seen.map(({ dispatcher }) => dispatcher.mark), LOCAL.map(() => "no proxy agent"));
    }));
}

test("a dispatcher that is not a proxy, and a base URL elsewhere, are left alone", async () => {
  await withGlobals({ [GLOBAL[0]]: agent("factory", "options") }, async (seen) => {
    await client(LOCAL[0]).list();
    assert.equal("dispatcher" in seen[0], false);
  });
  await withGlobals({ [GLOBAL[0]]: agent("proxy agent") }, async (seen) => {
    await client("https://127.0.0.1:9/api/v1").list();
    await client("http://gateway.example/api/v1", { allowInsecureHttp: true }).list();
    assert.equal(seen.length, 2);
  });
});

test("a custom fetch chooses its own route", () =>
  withGlobals({ [GLOBAL[0]]: agent("proxy agent") }, async () => {
    const fetch = async () => Response.json({ data: [] });
    assert.deepEqual((await client(LOCAL[0], { fetch }).list()).data, []);
  }));

const VARIABLES = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"];

/** What Bun and Deno see of the environment. */
async function withVariables(variables, use) {
  const kept = VARIABLES.map((name) => [name, process.env[name]]);
  const set = (name, value) => (value === undefined ? delete process.env[name] : (process.env[name] = value));
  for (const name of VARIABLES) set(name, variables[name]);
  try {
    await withGlobals({ Bun: {} }, use);
  } finally {
    for (const [name, value] of kept) set(name, value);
  }
}

for (const name of VARIABLES.slice(0, 4)) {
  test(`where the runtime itself reads ${name}, plain http to this machine is refused unless NO_PROXY has the host`, async () => {
    const proxy = { [name]: "http://127.0.0.1:1" };
    for (const exceptions of [{}, { NO_PROXY: "" }, { NO_PROXY: "other" }, { no_proxy: "127.0.0.1", NO_PROXY: "" }, { NO_PROXY: ".1" }]) {
      await withVariables({ ...proxy, ...exceptions }, (seen) => isRefused(LOCAL[0], seen, new RegExp(`${name} is set; add 127.0.0.1 to NO_PROXY`)));
    }
    for (const exceptions of [{ NO_PROXY: "127.0.0.1" }, { no_proxy: "other, 127.0.0.1" }, { no_proxy: "127.0.0.1", NO_PROXY: "127.0.0.1" }]) {
      await withVariables({ ...proxy, ...exceptions }, async (seen) => {
        await client(LOCAL[0]).list();
        assert.equal(seen.length, 1);
      });
    }
    await withVariables({ ...proxy, NO_PROXY: "LocalHost,::1" }, async (seen) => {
      await client("http://localhost:9/api/v1").list();
      await client("http://[::1]:9/api/v1").list();
      assert.equal(seen.length, 2);
    });
  });
}
