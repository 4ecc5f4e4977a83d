// Two copies of the package side by side, methods without their objects, and many
// calls on one signal.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { createRequire } from "node:module";
import { test } from "node:test";

import * as esm from "../../npm/index.js";
import * as esmHelpers from "../../npm/helpers.js";
import { created, listed } from "../../npm/testing.js";
import { clientOver, failureOf, HASH, OPERATIONS, PARAMS } from "./harness.mjs";

const require = createRequire(import.meta.url);
const cjs = require("../../npm/index.cjs");
const cjsHelpers = require("../../npm/helpers.cjs");
const ERRORS = Object.keys(esm).filter((name) => name.endsWith("Error") && name !== "isOpenRouterKeysError");

test("an error of one copy is an instance of the other copy's classes, but only of its kind", async () => {
  for (const [here, there] of [[esm, cjs], [cjs, esm]]) {
    const keys = new here.OpenRouterKeys({ apiKey: "sk-or-v1-x", fetch: async () => new Response("{}", { status: 404 }) });
    const error = await failureOf(keys.get(HASH));
    const expected = ["ApiError", "NotFoundError", "OpenRouterKeysError"];
    assert.deepEqual(ERRORS.filter((name) => error instanceof there[name]).sort(), expected);
    assert.deepEqual(ERRORS.filter((name) => error instanceof here[name]).sort(), expected);
    assert.ok(there.isOpenRouterKeysError(error));
  }
});

test("a client, a call and a result of one copy are instances of the other copy's classes", async () => {
  const { keys } = clientOver([created("sk-or-v1-new"), listed([])]);
  assert.ok(keys instanceof cjs.OpenRouterKeys);
  const call = keys.create(PARAMS);
  assert.ok(call instanceof cjs.Call);
  const made = await call;
  assert.ok(made instanceof cjs.Created && !(made instanceof cjs.TemporaryKey));
  assert.ok((await keys.list().withResponse()).response instanceof cjs.ResponseInfo);
});

test("a class that extends one of the package has only its own instances", async () => {
  class Ours extends esm.NotFoundError {}
  const error = await failureOf(clientOver([]).keys.get(5));
  assert.ok(!(error instanceof Ours));
  assert.ok(Object.create(Ours.prototype) instanceof Ours);
  assert.ok(Object.create(Ours.prototype) instanceof cjs.NotFoundError);
  for (const value of [null, undefined, 5, "x", {}, new Error("x"), () => {}]) {
    assert.ok(!(value instanceof esm.OpenRouterKeysError));
    assert.equal(esm.isOpenRouterKeysError(value), false);
  }
});

test("the helpers entry has the same classes as the main entry, in both formats", () => {
  for (const [main, helpers] of [[esm, esmHelpers], [cjs, cjsHelpers]]) {
    for (const name of ERRORS) assert.equal(helpers[name], main[name], name);
    for (const name of ["isOpenRouterKeysError", "toDate", "managesKeys", "isNewKey"]) assert.equal(typeof helpers[name], "function");
  }
  assert.deepEqual(Object.keys(cjsHelpers).sort(), Object.keys(esmHelpers).sort());
});

test("a method without its client rejects with an error that says how to call it", async () => {
  const { keys, fetch } = clientOver([]);
  const { prototype } = esm.OpenRouterKeys;
  const all = [prototype, Object.getPrototypeOf(prototype)].flatMap((own) => Object.getOwnPropertyNames(own));
  const methods = all.filter((name) => !["constructor", "dispose", "baseUrl"].includes(name));
  assert.equal(methods.length, 16);
  for (const owner of [undefined, null, 5, {}, new Proxy(keys, {})]) {
    for (const name of methods) {
      const result = Reflect.apply(keys[name], owner, name === "listAll" ? [] : [HASH]);
      const error = await failureOf(name === "listAll" ? result.next() : result);
      assert.ok(error instanceof esm.InvalidArgumentError, `${name}: ${error}`);
      assert.equal(error.effect, "nothing");
      assert.ok(error.message.includes(`keys.${name}(`), error.message);
    }
    for (const name of ["dispose", Symbol.dispose ?? Symbol.for("Symbol.dispose")]) {
      assert.throws(() => Reflect.apply(keys[name], owner, []), esm.InvalidArgumentError);
    }
  }
  assert.equal(fetch.requests.length, 0);
});

test("a method of a listing, a call or a temporary key without its object rejects likewise", async () => {
  const { keys } = clientOver([listed([])]);
  const { next, toArray, return: leave, throw: fail } = keys.listAll();
  const asyncDispose = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");
  const disposals = [keys.listAll(), esm.TemporaryKey.prototype].map((owner) => owner[asyncDispose]);
  for (const method of [next, toArray, leave, fail, keys.list().withResponse, esm.TemporaryKey.prototype.close, ...disposals]) {
    const error = await failureOf(Reflect.apply(method, undefined, []));
    assert.ok(error instanceof esm.InvalidArgumentError, String(error));
  }
});

test("many calls on one signal add one listener, removed with the last of them", async () => {
  const controller = new AbortController();
  const { keys } = clientOver(() => ({ ...listed([]), delayMs: 1000 }));
  const calls = Array.from({ length: 200 }, () => keys.list({}, { signal: controller.signal }));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(getEventListeners(controller.signal, "abort").length, 1);
  await Promise.all(calls);
  assert.equal(getEventListeners(controller.signal, "abort").length, 0);
});

test("an abort ends every call on the signal, of every operation", async () => {
  const controller = new AbortController();
  const { keys } = clientOver(() => ({ ...listed([]), delayMs: Infinity }));
  const calls = Object.values(OPERATIONS).map((call) => failureOf(call(keys, { signal: controller.signal })));
  await new Promise((resolve) => setImmediate(resolve));
  controller.abort();
  for (const error of await Promise.all(calls)) assert.ok(error instanceof esm.AbortError);
  assert.equal(getEventListeners(controller.signal, "abort").length, 0);
});
