// Ending a call by an AbortSignal, and by time limits.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";

import { AbortError, InvalidArgumentError, TimeoutError } from "../../npm/index.js";
import { apiError, created, key, listed, never, virtualClock } from "../../npm/testing.js";
import { clientOver, failureOf, OPERATIONS, PARAMS } from "./harness.mjs";

const SLOW_DOWN = apiError(429, "slow down", { headers: { "retry-after": "30" } });

/** A client whose time stands still unless the test advances it. */
const clientWithoutTime = (script) => clientOver(script, { clock: virtualClock({ autoAdvance: false }) });

/** Returns when this many requests were sent. */
async function requests(fetch, count) {
  while (fetch.requests.length < count) await new Promise((resolve) => setImmediate(resolve));
}

test("a call whose signal is already aborted sends nothing", async () => {
  for (const [operation, call] of Object.entries(OPERATIONS)) {
    const { keys, fetch } = clientOver([never()]);
    const reason = new Error("not wanted any more");
    const error = await failureOf(call(keys, { signal: AbortSignal.abort(reason) }));
    assert.ok(error instanceof AbortError, operation);
    assert.equal(error.name, "AbortError");
    assert.equal(error.code, "aborted");
    assert.equal(error.cause, reason);
    assert.equal(error.effect, "nothing");
    assert.equal(error.mayHaveCreated, undefined);
    assert.equal(error.attempts, 0);
    assert.equal(fetch.requests.length, 0);
  }
});

test("a call aborted in flight aborts its request and sends no other", async () => {
  const effects = { create: "may_have_created", update: "may_have_changed", delete: "may_have_changed" };
  for (const [operation, call] of Object.entries(OPERATIONS)) {
    const { keys, fetch } = clientWithoutTime([never(), never()]);
    const controller = new AbortController();
    const failure = failureOf(call(keys, { signal: controller.signal }));
    await requests(fetch, 1);
    const [{ signal }] = fetch.requests;
    assert.equal(signal.aborted, false);
    controller.abort();
    const error = await failure;
    assert.ok(error instanceof AbortError, operation);
    assert.equal(error.effect, effects[operation] ?? "nothing", operation);
    assert.equal(error.attempts, 1);
    assert.equal(error.isRetryable, false);
    assert.equal(signal.aborted, true);
    assert.equal(fetch.requests.length, 1);
  }
});

test("a create aborted in flight reports what may exist", async () => {
  const { keys, fetch } = clientOver([never()], { clock: virtualClock({ autoAdvance: false, startMs: Date.UTC(2031, 0, 1) }) });
  const controller = new AbortController();
  const workspaceId = "0df9e665-d932-5740-b2c7-b52af166bc11";
  const failure = failureOf(keys.create({ ...PARAMS, workspaceId }, { signal: controller.signal }));
  await requests(fetch, 1);
  controller.abort("stop");
  const { mayHaveCreated, cause } = await failure;
  assert.deepEqual(mayHaveCreated, {
    name: PARAMS.name,
    names: [PARAMS.name],
    workspaceId,
    from: "2031-01-01T00:00:00.000Z",
    until: "2031-01-01T00:00:00.000Z",
  });
  assert.equal(cause, "stop");
});

test("a call aborted during a pause ends at once", async () => {
  for (const call of Object.values(OPERATIONS)) {
    const { keys, fetch, clock } = clientWithoutTime([SLOW_DOWN, never()]);
    const controller = new AbortController();
    const failure = failureOf(call(keys, { signal: controller.signal }));
    await clock.advance(29_999);
    assert.equal(fetch.requests.length, 1);
    controller.abort();
    const error = await failure;
    assert.ok(error instanceof AbortError);
    assert.equal(error.effect, "nothing");
    await clock.advance(1_000_000);
    assert.equal(fetch.requests.length, 1);
    assert.deepEqual(clock.pauses, []);
  }
});

test("a signal ends a listing between two pages", async () => {
  const page = Array.from({ length: 100 }, (_, index) => key({ hash: String(index).padStart(64, "0") }));
  const { keys, fetch } = clientOver([listed(page), never()]);
  const controller = new AbortController();
  let count = 0;
  const failure = failureOf(
    (async () => {
      for await (const _ of keys.listAll({}, { signal: controller.signal })) {
        count++;
        if (count === 100) controller.abort();
      }
    })(),
  );
  assert.ok((await failure) instanceof AbortError);
  assert.equal(count, 100);
  assert.equal(fetch.requests.length, 1);
});

test("no listener stays on a signal, however the call ended", async () => {
  const { signal } = new AbortController();
  const listeners = () => getEventListeners(signal, "abort").length;
  const { keys } = clientOver([created("sk-or-v1-new"), apiError(404), SLOW_DOWN, listed([]), listed([])]);
  await keys.create(PARAMS, { signal });
  assert.equal(listeners(), 0, "after a value");
  await failureOf(OPERATIONS.get(keys, { signal }));
  assert.equal(listeners(), 0, "after an error");
  await keys.list({}, { signal });
  assert.equal(listeners(), 0, "after a pause");
  await failureOf(keys.list({ offset: -1 }, { signal }));
  assert.equal(listeners(), 0, "after a refusal");
  await keys.listAll({}, { signal }).toArray();
  assert.equal(listeners(), 0, "after a listing");
});

test("no listener stays on a signal that was aborted", async () => {
  const { keys, fetch } = clientWithoutTime([never()]);
  const controller = new AbortController();
  const failure = failureOf(keys.create(PARAMS, { signal: controller.signal }));
  await requests(fetch, 1);
  assert.equal(getEventListeners(controller.signal, "abort").length, 1);
  controller.abort();
  await failure;
  assert.equal(getEventListeners(controller.signal, "abort").length, 0);
});

test("many calls can share one signal", async () => {
  const { keys, fetch } = clientWithoutTime(Array(50).fill(never()));
  const controller = new AbortController();
  const failures = Array.from({ length: 50 }, () => failureOf(keys.list({}, { signal: controller.signal })));
  await requests(fetch, 50);
  controller.abort();
  for (const error of await Promise.all(failures)) assert.ok(error instanceof AbortError);
});

test("a time limit ends a call whose signal is never aborted", async () => {
  const { keys, clock } = clientOver([never()]);
  const { signal } = new AbortController();
  const error = await failureOf(keys.create(PARAMS, { signal, timeoutMs: 1500 }));
  assert.ok(error instanceof TimeoutError);
  assert.equal(error.code, "call_timeout");
  assert.equal(error.mayHaveCreated.name, PARAMS.name);
  assert.deepEqual(clock.pauses, [1500]);
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("a signal ends a call before its time limit", async () => {
  const { keys, clock } = clientWithoutTime([never()]);
  const controller = new AbortController();
  const failure = failureOf(keys.list({}, { signal: controller.signal, timeoutMs: 1500 }));
  await clock.advance(1499);
  controller.abort();
  assert.ok((await failure) instanceof AbortError);
  assert.deepEqual(clock.pauses, []);
});

test("the request of an attempt that took too long is aborted", async () => {
  const { keys, fetch } = clientOver([never(), listed([])]);
  await keys.list({}, { attemptTimeoutMs: 10 });
  assert.deepEqual(
    fetch.requests.map(({ signal }) => signal.aborted),
    [true, false],
  );
});

test("a signal of null is the same as none", async () => {
  const { keys } = clientOver([listed([])]);
  assert.deepEqual((await keys.list({}, { signal: null })).data, []);
});

test("a signal without removeEventListener is refused", async () => {
  const { keys, fetch } = clientOver([created("sk-or-v1-new")]);
  const error = await failureOf(keys.create(PARAMS, { signal: { aborted: false, addEventListener() {} } }));
  assert.ok(error instanceof InvalidArgumentError);
  assert.equal(error.argument, "signal");
  assert.equal(fetch.requests.length, 0);
});

test("a created key is returned even if the listener cannot be removed from the signal", async () => {
  const signal = {
    aborted: false,
    addEventListener() {},
    removeEventListener() {
      throw new Error("the signal's own");
    },
  };
  const { keys } = clientOver([created("sk-or-v1-new")]);
  assert.equal((await keys.create(PARAMS, { signal })).key, "sk-or-v1-new");
});
