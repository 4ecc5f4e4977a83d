// The fake fetch and the virtual clock.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { OpenRouterKeys } from "../../npm/index.js";
import {
  apiError,
  created,
  current,
  currentKey,
  deleted,
  disconnected,
  fakeFetch,
  found,
  key,
  listed,
  lost,
  never,
  refused,
  rejection,
  reply,
  stalled,
  truncated,
  virtualClock,
} from "../../npm/testing.js";
import * as testing from "../../npm/testing.js";
import { clientOver, failureOf, HASH, PARAMS } from "./harness.mjs";

const URL_ = "https://gateway.example/api/v1/keys?offset=100";

test("replies come in order, and then none", async () => {
  const fetch = fakeFetch([reply(200, 1), reply(201, 2)]);
  assert.equal((await fetch(URL_)).status, 200);
  assert.equal((await fetch(URL_)).status, 201);
  const { message } = await failureOf(fetch(URL_));
  assert.equal(message, "fakeFetch: the script has 2 replies; this is request 3: GET /api/v1/keys?offset=100");
});

test("assertDone throws for a leftover reply and for an unexpected request, each time", async () => {
  const left = fakeFetch([reply(200), reply(200)]);
  assert.throws(() => left.assertDone(), { message: "2 of the replies were not requested" });
  assert.throws(() => left.assertDone(), { message: "2 of the replies were not requested" });
  await left(URL_);
  await left(URL_);
  left.assertDone();
  await failureOf(left(URL_));
  assert.throws(() => left.assertDone(), /this is request 3/);
});

test("a script may be a function of the request", async () => {
  const fetch = fakeFetch(async ({ method, json }) => reply(200, { method, json }));
  const response = await fetch(URL_, { method: "POST", body: '{"a":1}' });
  assert.deepEqual(await response.json(), { method: "POST", json: { a: 1 } });
  fetch.assertDone();
});

test("a script without a reply is reported", async () => {
  const fetch = fakeFetch(() => undefined);
  await failureOf(fetch(URL_));
  assert.throws(() => fetch.assertDone(), { message: "fakeFetch: the script has no reply to request 1: GET /api/v1/keys?offset=100" });
});

test("a script that is too short says so in the first line of the client's failure, and once", async () => {
  for (const call of [(keys) => keys.create(PARAMS), (keys) => keys.list(), (keys) => keys.listAll().toArray(), (keys) => keys.delete(HASH), (keys) => keys.audit()]) {
    const { keys, fetch } = clientOver([]);
    const { stack } = await failureOf(call(keys));
    assert.match(stack.split("\n")[0], /^TypeError: fakeFetch: the script has 0 replies; this is request 1: (GET|POST|DELETE) \/api\/v1\/keys/);
    assert.equal(fetch.requests.length, 1);
  }
});

test("keys differ in hash and label unless these are given, even with the same fields", async () => {
  const keys = [key(), key(), key({ name: "a" }), key({ name: "a" }), key({ limit: 1 })];
  for (const field of ["hash", "label"]) assert.equal(new Set(keys.map((one) => one[field])).size, keys.length, field);
  const hash = "0".repeat(64);
  assert.deepEqual([key({ hash }).hash, key({ hash, label: "mine" }).label], [hash, "mine"]);
  assert.deepEqual(key(keys[0]), keys[0]);
  assert.notEqual(currentKey().label, currentKey().label);

  const page = () => listed([key({ name: "a" }), key({ name: "b" })]);
  const client = clientOver([page(), page()]).keys;
  assert.equal((await client.list()).data.length, 2);
  assert.equal((await client.listAll().toArray()).length, 2);
});

test("a field that the API does not have is refused, with the nearest one that it has", () => {
  for (const [make, message] of [
    [() => key({ limitReset: "daily" }), 'key() has no field "limitReset"; did you mean "limit_reset"?'],
    [() => key({ nmae: "a" }), 'key() has no field "nmae"; did you mean "name"?'],
    [() => key({ useage_daily: 1 }), 'key() has no field "useage_daily"; did you mean "usage_daily"?'],
    [() => found({ expiresAt: null }), 'key() has no field "expiresAt"; did you mean "expires_at"?'],
    [() => created("sk-or-v1-new", { workspaceID: "" }), 'key() has no field "workspaceID"; did you mean "workspace_id"?'],
    [() => key(JSON.parse('{"__proto__": 1}')), 'key() has no field "__proto__"; did you mean'],
    [() => current({ isFreeTier: true }), 'currentKey() has no field "isFreeTier"; did you mean "is_free_tier"?'],
    [() => current({ hash: "" }), 'currentKey() has no field "hash"; did you mean'],
    [() => key("a"), "key() takes an object of fields"],
    [() => key(null), "key() takes an object of fields"],
  ]) {
    assert.throws(make, (error) => error instanceof TypeError && error.message.startsWith(message), message);
  }
  assert.deepEqual(key({ limit: "much" }).limit, "much");
});

test("an option that does not exist is refused, with the nearest one that does", () => {
  for (const [make, message] of [
    [() => virtualClock({ autoadvance: false }), 'virtualClock() has no field "autoadvance"; did you mean "autoAdvance"?'],
    [() => fakeFetch([], { clok: virtualClock() }), 'fakeFetch() has no field "clok"; did you mean "clock"?'],
    [() => created("sk-or-v1-new", {}, { delay: 5 }), 'a reply has no field "delay"; did you mean "delayMs"?'],
    [() => apiError(429, "slow down", { header: {} }), 'a reply has no field "header"; did you mean "headers"?'],
    [() => stalled(201, "{", { headrs: {} }), 'a reply has no field "headrs"; did you mean "headers"?'],
    [() => lost({ headers: {} }), 'a rejection has no field "headers"; did you mean "delayMs"?'],
  ]) {
    assert.throws(make, { name: "TypeError", message });
  }
});

test("requests are recorded: method, URL, path, headers, body, signal", async () => {
  const { signal } = new AbortController();
  const forms = [{ "X-Team": "billing" }, [["X-Team", "billing"]], new Headers({ "X-Team": "billing" })];
  const fetch = fakeFetch(() => reply(200));
  for (const headers of forms) await fetch(URL_, { method: "PATCH", headers, body: '{"a":[1]}', signal });
  await fetch(URL_);
  for (const seen of fetch.requests.slice(0, forms.length)) {
    assert.deepEqual(seen, {
      method: "PATCH",
      url: URL_,
      path: "/api/v1/keys?offset=100",
      headers: { "x-team": "billing" },
      body: '{"a":[1]}',
      signal,
      json: { a: [1] },
    });
  }
  const { method, headers, body, json } = fetch.requests.at(-1);
  assert.deepEqual({ method, headers, body, json }, { method: "GET", headers: {}, body: undefined, json: undefined });
});

test("the helpers write what the client reads", async () => {
  const fields = { name: "ci", limit: null };
  const { keys, fetch } = clientOver([
    created("sk-or-v1-new", fields),
    listed([key({ name: "a" }), key({ name: "b" })]),
    found(fields),
    found(fields),
    deleted(),
    current({ is_free_tier: true }),
  ]);
  const made = await keys.create(PARAMS);
  assert.equal(made.key, "sk-or-v1-new");
  assert.equal(made.data.name, "ci");
  assert.equal(made.data.limit, null);
  assert.deepEqual((await keys.list()).data.map(({ name }) => name), ["a", "b"]);
  assert.equal((await keys.get(HASH)).name, "ci");
  assert.equal((await keys.update(HASH, { name: "ci" })).limit, null);
  assert.deepEqual(await keys.delete(HASH), { deleted: true, alreadyGone: false });
  assert.equal((await keys.getCurrentKeyMetadata()).isFreeTier, true);
  fetch.assertDone();
});

test("the sample key and the sample current key are valid and complete", async () => {
  const { keys } = clientOver([found(), current()]);
  for (const [value, sample] of [[await keys.get(HASH), key()], [await keys.getCurrentKeyMetadata(), currentKey()]]) {
    assert.equal(value.unexpected, undefined);
    assert.equal(value.extra, undefined);
    assert.equal(Object.keys(value).length, Object.keys(sample).length);
  }
});

test("the page on testing names exports of this module and of the Rust samples", async () => {
  const page = readFileSync(new URL("../../../docs/testing.md", import.meta.url), "utf8");
  const [, ...rows] = page.split("\n").filter((line) => /^\| .*`/.test(line)).map((line) => line.split(" | "));
  const names = rows.map(([, , javaScript]) => javaScript.match(/`(\w+)\(/)?.[1]).filter(Boolean);
  const wholes = page.match(/successful responses there are (.*), in both\n/)[1].match(/\w+(?=`)/g);
  assert.deepEqual([...names, ...wholes], [
    ...["refused", "disconnected", "never", "truncated", "stalled", "apiError", "rejection"],
    ...["created", "listed", "found", "current", "deleted"],
  ]);
  for (const name of [...names, ...wholes]) assert.equal(typeof testing[name], "function", name);
  const reply = readFileSync(new URL("../../../core/src/test_util/reply.rs", import.meta.url), "utf8");
  const rust = rows.map(([, inRust]) => inRust.match(/`\.?(\w+)\(/)[1]);
  for (const name of [...rust, ...wholes]) assert.match(reply, new RegExp(`pub fn ${name}\\b`), name);
});

test("apiError makes an API error", async () => {
  const { keys } = clientOver([apiError(403, "not yours", { metadata: { why: "no" }, headers: { "x-request-id": "req-1" } })]);
  const { status, apiMessage, metadata, requestId } = await failureOf(keys.get(HASH));
  assert.deepEqual({ status, apiMessage, metadata, requestId }, { status: 403, apiMessage: "not yours", metadata: { why: "no" }, requestId: "req-1" });
});

test("disconnected, refused, never, truncated and stalled end a create as a real connection does", async () => {
  assert.equal(lost, disconnected);
  const outcomes = [
    [disconnected(), "disconnected", "may_have_created"],
    [truncated(201), "disconnected", "may_have_created"],
    [truncated(201, '{"key":"sk-or'), "disconnected", "may_have_created"],
    [stalled(201, '{"key":"sk-or'), "idle_timeout", "may_have_created"],
    [refused(), "connect", "nothing"],
    [never(), "attempt_timeout", "may_have_created"],
  ];
  for (const [response, code, effect] of outcomes) {
    const { keys } = clientOver([response]);
    const error = await failureOf(keys.create(PARAMS, { retry: false }));
    assert.deepEqual([error.code, error.effect], [code, effect]);
  }
});

test("a rejection rejects with the identical value", async () => {
  for (const value of [new Error("x"), "text", undefined, null]) {
    assert.equal(await failureOf(fakeFetch([rejection(value)])(URL_)), value);
  }
});

test("a body that breaks off or never ends leaves a create's outcome unknown", async () => {
  const half = { status: 201, body: '{"key":"sk-or' };
  const outcomes = [
    [{ ...half, stalls: new Error("broken") }, "disconnected"],
    [{ ...half, stalls: true }, "idle_timeout"],
  ];
  for (const [response, code] of outcomes) {
    const { keys } = clientOver([response]);
    const error = await failureOf(keys.create(PARAMS));
    assert.deepEqual([error.code, error.status, error.effect], [code, 201, "may_have_created"]);
  }
});

test("a delay passes by the clock, is not a pause, and ends with the signal", async () => {
  const clock = virtualClock();
  const fetch = fakeFetch([reply(200, undefined, { delayMs: 3_600_000 }), never(), lost({ delayMs: 10 })], { clock });
  assert.equal((await fetch(URL_)).status, 200);
  assert.equal(clock.now(), 3_600_000);
  const controller = new AbortController();
  const failure = failureOf(fetch(URL_, { signal: controller.signal }));
  controller.abort("enough");
  assert.equal(await failure, "enough");
  await failureOf(fetch(URL_));
  assert.equal(clock.now(), 3_600_010);
  assert.deepEqual(clock.pauses, []);
});

test("a late reply leaves no listener on the signal", async () => {
  const { signal } = new AbortController();
  const clock = virtualClock();
  const fetch = fakeFetch([reply(200, undefined, { delayMs: 10 })], { clock });
  await fetch(URL_, { signal });
  assert.deepEqual(getEventListeners(signal, "abort"), []);
});

test("a request whose signal is already aborted rejects with its reason", async () => {
  assert.equal(await failureOf(fakeFetch([reply(200)])(URL_, { signal: AbortSignal.abort("no") })), "no");
});

test("time stands still while something happens, and jumps when nothing does", async () => {
  const clock = virtualClock({ startMs: Date.UTC(2031, 0, 1) });
  assert.equal(clock.now(), 0);
  assert.equal(clock.date(), Date.UTC(2031, 0, 1));
  await new Promise((resolve) => clock.setTimeout(resolve, 86_400_000));
  assert.equal(clock.now(), 86_400_000);
  assert.equal(clock.date(), Date.UTC(2031, 0, 2));
  assert.deepEqual(clock.pauses, [86_400_000]);
});

test("timers fire in the order of their times, and of their creation if these are equal", async () => {
  const clock = virtualClock();
  const rang = [];
  await new Promise((resolve) => {
    clock.setTimeout(resolve, 400);
    for (const [name, ms] of [["c", 300], ["a", 100], ["b", 200], ["a2", 100], ["now", 0], ["past", -5], ["none", undefined]]) {
      clock.setTimeout(() => rang.push([name, clock.now()]), ms);
    }
  });
  assert.deepEqual(rang, [["now", 0], ["past", 0], ["none", 0], ["a", 100], ["a2", 100], ["b", 200], ["c", 300]]);
});

test("a timer that is cleared does not fire and is not a pause", async () => {
  const clock = virtualClock();
  const off = clock.setTimeout(() => assert.fail("it was cleared"), 10);
  clock.clearTimeout(off);
  clock.clearTimeout(undefined);
  await new Promise((resolve) => clock.setTimeout(resolve, 20));
  assert.deepEqual(clock.pauses, [20]);
});

test("a timer at Infinity never fires, and keeps no process alive", async () => {
  const clock = virtualClock();
  clock.setTimeout(() => assert.fail("Infinity came"), Infinity);
  await new Promise((resolve) => clock.setTimeout(resolve, 20));
  assert.equal(clock.now(), 20);
});

test("without autoAdvance, only advance makes time pass", async () => {
  const clock = virtualClock({ autoAdvance: false });
  const rang = [];
  clock.setTimeout(() => {
    rang.push(clock.now());
    clock.setTimeout(() => rang.push(clock.now()), 50);
  }, 100);
  await clock.advance(99);
  assert.deepEqual([clock.now(), rang], [99, []]);
  await clock.advance(1);
  assert.deepEqual([clock.now(), rang], [100, [100]]);
  await clock.advance(1000);
  assert.deepEqual([clock.now(), rang], [1100, [100, 150]]);
});

test("advance lets the client act at each timer on the way", async () => {
  const clock = virtualClock({ autoAdvance: false });
  const { keys, fetch } = clientOver([apiError(429, "slow", { headers: { "retry-after": "5" } }), listed([])], { clock, retry: { jitter: false } });
  const page = keys.list();
  await clock.advance(4999);
  assert.equal(fetch.requests.length, 1);
  await clock.advance(1);
  assert.equal(fetch.requests.length, 2);
  assert.deepEqual((await page).data, []);
});

test("advance with autoAdvance fires every timer at its time", async () => {
  const clock = virtualClock();
  const seen = [];
  for (const ms of [10, 500, 1000]) clock.setTimeout(() => seen.push(clock.now()), ms);
  await clock.advance(20);
  await new Promise((resolve) => clock.setTimeout(resolve, 2000));
  assert.deepEqual(seen, [10, 500, 1000]);
});

test("two concurrent advances never turn time back", async () => {
  const clock = virtualClock({ autoAdvance: false });
  await Promise.all([clock.advance(1000), clock.advance(20)]);
  assert.equal(clock.now(), 1000);
});

test("a callback that throws does not stop the clock", async () => {
  const clock = virtualClock({ autoAdvance: false });
  clock.setTimeout(() => {
    throw new Error("the callback's own");
  }, 10);
  assert.equal((await failureOf(clock.advance(20))).message, "the callback's own");
  let rang = false;
  clock.setTimeout(() => {
    rang = true;
  }, 10);
  await clock.advance(20);
  assert.equal(rang, true);
});

test("a hundred clients with their own clocks each wait their own time", async () => {
  const times = Array.from({ length: 100 }, (_, index) => index + 1);
  const waited = await Promise.all(
    times.map(async (seconds) => {
      const busy = apiError(503, "busy", { headers: { "retry-after": String(seconds / 10) } });
      const { keys, clock } = clientOver([busy, listed([])], { retry: { jitter: false } });
      await keys.list();
      return clock.pauses;
    }),
  );
  assert.deepEqual(waited, times.map((seconds) => [seconds * 100]));
});

test("without a clock, delays take real time", async () => {
  const fetch = fakeFetch([reply(200, undefined, { delayMs: 1 })]);
  assert.equal((await fetch(URL_)).status, 200);
});

test("faking the runtime's timers does not stop the clock", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const clock = virtualClock();
  const fetch = fakeFetch([lost(), listed([])], { clock });
  const keys = new OpenRouterKeys({ apiKey: "sk-or-v1-test", fetch, clock });
  assert.deepEqual((await keys.list()).data, []);
});
