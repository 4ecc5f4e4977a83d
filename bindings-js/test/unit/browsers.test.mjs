// A management key where other people can read the memory.

import assert from "node:assert/strict";
import { test } from "node:test";

import { inAnotherProcess } from "./harness.mjs";

const PAGE = "globalThis.window = globalThis; globalThis.document = {}";
const WORKER = `
  globalThis.WorkerGlobalScope = class {};
  Object.setPrototypeOf(globalThis, WorkerGlobalScope.prototype);
  Object.defineProperty(globalThis, "navigator", { value: { userAgent: "Mozilla/5.0 (X11; Linux x86_64)" } });
`;
const SERVER_WORKER = `
  globalThis.WorkerGlobalScope = class {};
  Object.setPrototypeOf(globalThis, WorkerGlobalScope.prototype);
  Object.defineProperty(globalThis, "navigator", { value: { userAgent: "Cloudflare-Workers" } });
`;

/** The outcome of building a client with these options, and of a call with it. */
const clientIn = (globals, options = "") =>
  inAnotherProcess(
    `
    const fetch = testing.fakeFetch([testing.listed([])]);
    try {
      const keys = new api.OpenRouterKeys({ apiKey: "sk-or-v1-canary", fetch, ${options} });
      result = { data: (await keys.list()).data };
    } catch (error) {
      const { name, code, argument, effect, message } = error;
      result = { name, code, argument, effect, message };
    }
    `,
    globals,
  );

for (const [place, globals] of [["a page", PAGE], ["a worker of a page", WORKER]]) {
  test(`a client is refused in ${place}, with the reason and the alternative`, () => {
    const { message, ...error } = clientIn(globals);
    assert.deepEqual(error, {
      name: "InvalidArgumentError",
      code: "invalid_argument",
      argument: "dangerouslyAllowBrowser",
      effect: "nothing",
    });
    assert.match(message, /anyone who opens the page can read it.*Keep it on a server.*dangerouslyAllowBrowser: true/);
    assert.ok(!message.includes("canary"));
  });

  test(`a client works in ${place} with dangerouslyAllowBrowser`, () => {
    assert.deepEqual(clientIn(globals, "dangerouslyAllowBrowser: true"), { data: [] });
  });

  test(`dangerouslyAllowBrowser: false refuses a client in ${place}`, () => {
    assert.equal(clientIn(globals, "dangerouslyAllowBrowser: false").argument, "dangerouslyAllowBrowser");
  });
}

test("a client works in a server's worker, which is not a browser", () => {
  assert.deepEqual(clientIn(SERVER_WORKER), { data: [] });
});

test("a server whose global object is called window is not a browser", () => {
  assert.deepEqual(clientIn("globalThis.window = globalThis"), { data: [] });
});

test("dangerouslyAllowBrowser changes nothing on a server", () => {
  assert.deepEqual(clientIn("", "dangerouslyAllowBrowser: true"), { data: [] });
});
