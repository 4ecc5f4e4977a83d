// How one exchange treats its response, whatever it is, even when it is no longer awaited.

import assert from "node:assert/strict";
import { test } from "node:test";

import { clientOver, failureOf, HASH, PARAMS } from "./harness.mjs";

const over = (fetch, options) => clientOver([], { fetch, retry: false, ...options }).keys;

/** An endless stream of chunks of this many bytes, and how often it was read and cancelled. */
function endless(length) {
  const seen = { pieces: 0, cancelled: 0 };
  const pull = (controller) => {
    seen.pieces += 1;
    controller.enqueue(new Uint8Array(length).fill(0x20));
  };
  const cancel = () => {
    seen.cancelled += 1;
  };
  return { seen, stream: new ReadableStream({ pull, cancel }, { highWaterMark: 0 }) };
}

/** Lets everything that is due run. */
const everythingElse = () => new Promise((resolve) => setImmediate(resolve));

test("an object without an HTTP status is not a response", async () => {
  for (const status of [0, 99, 1000, 65_736, 200.5, -200, NaN, Infinity]) {
    const error = await failureOf(over(async () => ({ status, headers: {}, body: null })).create(PARAMS));
    assert.equal(error.code, "protocol", `${status}`);
    assert.equal(error.effect, "may_have_created");
    assert.equal(error.cause.message, "the response has no status");
  }
});

test("a redirect that a browser hides may have created a key", async () => {
  const error = await failureOf(over(async () => ({ type: "opaqueredirect", status: 0, headers: {}, body: null })).create(PARAMS));
  assert.equal(error.code, "unexpected_redirect");
  assert.equal(error.effect, "may_have_created");
});

test("the body of an error has its own limit", async () => {
  const LIMIT = 64 << 10;
  for (const [status, code] of [[199, "other_status"], [300, "unexpected_redirect"], [404, "not_found"], [500, "server"]]) {
    const { seen, stream } = endless(1 << 10);
    const error = await failureOf(over(async () => ({ status, headers: {}, body: stream })).get(HASH));
    assert.equal(seen.pieces, LIMIT / (1 << 10) + 1, `${status}`);
    assert.equal(error.code, code);
  }
});

const SECRET = "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";

/** A response with this status and these chunks, which then stalls. */
const saying = (status, ...pieces) => ({
  status,
  headers: {},
  body: new ReadableStream({ start: (controller) => pieces.forEach((piece) => controller.enqueue(new TextEncoder().encode(piece))) }),
});

test("a create that is aborted after its secret arrived resolves with it", async () => {
  const whole = JSON.stringify({ key: SECRET, data: { hash: "h" } });
  for (const pieces of [[whole], [whole.slice(0, 20), whole.slice(20)], [`{"key":"${SECRET}"`], [`{"data":{"token":"${SECRET}"`]]) {
    const stop = new AbortController();
    const call = over(async () => saying(201, ...pieces)).create(PARAMS, { signal: stop.signal });
    await everythingElse();
    stop.abort();
    const created = await call;
    assert.equal(created.key, SECRET);
    assert.equal(created.problem === undefined, pieces.join("") === whole);
  }
});

test("a create aborted before its whole secret arrived is aborted, and so is a read", async () => {
  for (const [method, text, effect] of [
    ["create", `{"key":"${SECRET}`, "may_have_created"],
    ["create", "", "may_have_created"],
    ["list", '{"data":[]}', "nothing"],
  ]) {
    const stop = new AbortController();
    const call = over(async () => saying(201, ...(text ? [text] : [])))[method](method === "list" ? {} : PARAMS, { signal: stop.signal });
    call.catch(() => {});
    await everythingElse();
    stop.abort();
    const error = await failureOf(call);
    assert.equal(error.code, "aborted");
    assert.equal(error.effect, effect);
  }
});

test("a secret within the body limit arrives, whatever length the body declares", async () => {
  const text = JSON.stringify({ key: SECRET, data: { hash: "h", name: "n".repeat(300) } });
  for (const pieces of [[text], [text.slice(0, 100), text.slice(100)]]) {
    for (const announced of [{}, { "content-length": "5000000" }]) {
      const keys = over(async () => ({ ...saying(201, ...pieces), headers: announced }), { maxSuccessBytes: 120 });
      assert.equal((await keys.create(PARAMS)).key, SECRET);
    }
  }
});

test("a body announced as too large is not started, however its headers are spelled", async () => {
  const { seen, stream } = endless(1);
  const headers = { "X-Content-Length": "1", "Content-Length": String((4 << 20) + 1) };
  const error = await failureOf(over(async () => ({ status: 200, headers, body: stream })).list());
  assert.equal(error.code, "body_too_large");
  await everythingElse();
  assert.deepEqual(seen, { pieces: 0, cancelled: 1 });
});

test("a body that is being read elsewhere is not a response", async () => {
  const body = new Response('{"data":[]}').body;
  body.getReader();
  const error = await failureOf(over(async () => ({ status: 201, headers: {}, body })).create(PARAMS));
  assert.equal(error.code, "disconnected");
  assert.equal(error.effect, "may_have_created");
  assert.match(error.cause.message, /locked/);
});

test("a request is aborted if its response is not read to the end, and not otherwise", async () => {
  const body = (text) => new Response(text).body;
  for (const [carry, isAborted] of [
    [() => ({ status: 200, headers: {}, body: body('{"data":[]}') }), false],
    [() => ({ status: 404, headers: {}, body: body("{}") }), false],
    [() => ({ status: 204, headers: {}, body: null }), false],
    [() => ({ status: 200, headers: {}, body: endless(1 << 20).stream }), true],
    [() => ({ status: 1000, headers: {}, body: body("{}") }), true],
    [() => ({ type: "opaqueredirect", status: 0, headers: {}, body: null }), true],
    [() => "no response", true],
    [() => Promise.reject(new Error("the network is down")), true],
  ]) {
    let signal;
    const fetch = async (_, init) => {
      signal = init.signal;
      return carry();
    };
    await over(fetch).list().catch(() => {});
    assert.equal(signal.aborted, isAborted, `${carry}`);
  }
});

test("a response that arrives when it is no longer awaited is discarded unread", async () => {
  const { seen, stream } = endless(1);
  let response;
  const fetch = () => new Promise((resolve) => (response = resolve));
  await assert.rejects(over(fetch, { attemptTimeoutMs: 50 }).list(), { code: "attempt_timeout" });
  response({ status: 200, headers: {}, body: stream });
  await everythingElse();
  assert.deepEqual(seen, { pieces: 0, cancelled: 1 });
});

test("a stream that takes its chunks back ends the call", async () => {
  const given = new TextEncoder().encode('{"key":');
  const pull = (controller) => {
    structuredClone(given.buffer, { transfer: [given.buffer] });
    controller.enqueue(new TextEncoder().encode('"sk-or-v1-new"}'));
    controller.close();
  };
  const body = new ReadableStream({ start: (controller) => controller.enqueue(given), pull }, { highWaterMark: 0 });
  const error = await failureOf(over(async () => ({ status: 201, headers: {}, body })).create(PARAMS));
  assert.equal(error.code, "disconnected");
  assert.equal(error.effect, "may_have_created");
});

test("a request without a body has no body option", async () => {
  let settings;
  const fetch = async (_, init) => {
    settings = init;
    return new Response('{"data":[]}');
  };
  await over(fetch).list();
  assert.ok(!("body" in settings));
});

/** A clock that stands still, whose timers the test fires. */
function handClock(now = () => 0) {
  const timers = [];
  const setTimeout = (callback, ms) => timers.push({ callback, ms });
  return { timers, now, date: () => 0, setTimeout, clearTimeout: () => {} };
}

/** A call over a stream that the test feeds, and its idle timer, once it is set. */
async function fed({ now, ...options }) {
  const clock = handClock(now);
  let controller;
  const start = (given) => {
    controller = given;
  };
  const body = new ReadableStream({ start });
  const keys = over(async () => ({ status: 200, headers: {}, body }), { clock, timeoutMs: Infinity, attemptTimeoutMs: Infinity, ...options });
  const call = keys.list();
  call.catch(() => {});
  await everythingElse();
  const bytes = (text) => controller.enqueue(new TextEncoder().encode(text));
  return { call, bytes, controller, timers: clock.timers, ring: () => clock.timers.at(-1).callback() };
}

test("a chunk that has arrived when the time is up counts", async () => {
  const { call, bytes, controller, ring } = await fed({ idleTimeoutMs: 100 });
  bytes('{"data":');
  ring();
  await everythingElse();
  bytes("[]}");
  controller.close();
  ring();
  assert.deepEqual((await call).data, []);
});

test("a body that ends when the time is up leaves no timer behind", async () => {
  const { call, bytes, timers, ring } = await fed({ idleTimeoutMs: 100 });
  const { length } = timers;
  bytes(" ".repeat(5 << 20));
  ring();
  await assert.rejects(call, { code: "body_too_large" });
  assert.equal(timers.length, length);
});

test("a clock that returns no number ends no body early", async () => {
  const { call, bytes, controller, timers, ring } = await fed({ idleTimeoutMs: 100, now: () => NaN });
  bytes('{"data":');
  await everythingElse();
  ring();
  await everythingElse();
  assert.equal(timers.at(-1).ms, 100);
  bytes("[]}");
  controller.close();
  assert.deepEqual((await call).data, []);
});

test("a pause longer than a timer can be is waited for in parts", async () => {
  const LONGEST = 2 ** 31 - 1;
  const { call, timers, ring } = await fed({ idleTimeoutMs: LONGEST + 1 });
  assert.equal(timers.at(-1).ms, LONGEST);
  ring();
  await everythingElse();
  assert.equal(timers.at(-1).ms, 1);
  ring();
  await assert.rejects(call, { code: "idle_timeout" });
});

test("a pause is not shortened to whole milliseconds", async () => {
  const { timers } = await fed({ idleTimeoutMs: 1.5 });
  assert.equal(timers.at(-1).ms, 2);
});
