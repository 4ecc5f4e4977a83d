// Whatever a caller's clock does, calls end, and nothing is thrown elsewhere.

import assert from "node:assert/strict";
import { test } from "node:test";

import { OpenRouterKeys } from "../../npm/index.js";
import { created, fakeFetch, listed, lost, never } from "../../npm/testing.js";
import { API_KEY, clientOver, failureOf, inAnotherProcess, PARAMS } from "./harness.mjs";

const trap = () => {
  throw new Error("a trap");
};

const REAL = {
  now: () => performance.now(),
  date: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer),
};

/** A client with a clock that differs from the runtime's in this. */
const clientBy = (script, odd, options) => new OpenRouterKeys({ apiKey: API_KEY, fetch: fakeFetch(script), clock: { ...REAL, ...odd }, ...options });

const NO_NUMBERS = [() => NaN, () => Infinity, () => -Infinity, () => "5", () => 5n, () => Symbol("now"), () => undefined, trap];

test("a now that does not return a number is replaced by the runtime's", async () => {
  for (const now of NO_NUMBERS) {
    assert.deepEqual((await clientBy([listed([])], { now }).list()).data, []);
    const error = await failureOf(clientBy([never()], { now }, { timeoutMs: 20 }).list());
    assert.equal(error.code, "call_timeout", String(now));
  }
});

test("a date that does not return a number is unknown", async () => {
  for (const date of [...NO_NUMBERS, () => -1, () => 1e300]) {
    const { mayHaveCreated } = await failureOf(clientBy([lost()], { date }).create(PARAMS));
    assert.deepEqual(mayHaveCreated, { name: PARAMS.name, names: [PARAMS.name] }, String(date));
  }
});

test("a date that no string can represent is unknown, and others are reported", async () => {
  for (const [ms, said] of [[8.64e15 + 1e6, undefined], [1.7e18, undefined], [8e15, "+255479-"], [0, "1970-01-01T00:00:00.000Z"]]) {
    const { mayHaveCreated } = await failureOf(clientBy([lost()], { date: () => ms }).create(PARAMS));
    assert.equal(mayHaveCreated.name, PARAMS.name);
    assert.equal(mayHaveCreated.from?.slice(0, said?.length), said);
  }
});

test("a setTimeout that throws is replaced by the runtime's", async () => {
  const error = await failureOf(clientBy([never()], { setTimeout: trap }, { timeoutMs: 20 }).list());
  assert.equal(error.code, "call_timeout");
  assert.deepEqual((await clientBy([lost(), listed([])], { setTimeout: trap }).list()).data, []);
});

test("a clearTimeout that throws is ignored", async () => {
  assert.equal((await clientBy([created("sk-or-v1-new")], { clearTimeout: trap }).create(PARAMS)).key, "sk-or-v1-new");
});

test("a timer that fires at once, or twice, works", async () => {
  for (const setTimeout of [
    (callback) => callback(),
    (callback) => {
      globalThis.setTimeout(callback, 1);
      globalThis.setTimeout(callback, 5);
    },
  ]) {
    const keys = clientBy([never(), lost()], { setTimeout }, { retry: false });
    assert.equal((await failureOf(keys.list())).code.endsWith("_timeout"), true);
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
});

test("a timer that fires after it was cleared, or again, throws nothing", () => {
  const seen = inAnotherProcess(`
    result = { uncaught: [], rang: 0 };
    process.on("uncaughtException", (error) => result.uncaught.push(String(error)));
    const clock = {
      now: () => performance.now(),
      date: () => Date.now(),
      setTimeout(callback, ms) {
        for (const late of [ms, ms + 10]) setTimeout(() => {
          result.rang += 1;
          callback();
        }, late);
      },
      clearTimeout() {},
    };
    const fetch = testing.fakeFetch([testing.listed([]), testing.lost(), testing.listed([])]);
    const keys = new api.OpenRouterKeys({ apiKey: "sk-or-v1-test", clock, attemptTimeoutMs: 50, idleTimeoutMs: 50, timeoutMs: 50, fetch });
    // On a busy machine, a limit may pass.
    await keys.list().catch(() => {});
    await keys.list({}, { retry: { initialIntervalMs: 5 } }).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 100));
  `);
  assert.deepEqual(seen.uncaught, []);
  assert.ok(seen.rang > 4, `${seen.rang} rang`);
});

test("a stalled body is abandoned by timers alone, even if the clock stands still", async () => {
  const clock = { now: () => 0, date: () => 0, setTimeout, clearTimeout };
  const pieces = ['{"da', 'ta":'].map((piece) => new TextEncoder().encode(piece));
  const pull = (controller) => {
    const piece = pieces.shift();
    if (piece) controller.enqueue(piece);
  };
  const fetch = async () => new Response(new ReadableStream({ pull }));
  const keys = new OpenRouterKeys({ apiKey: "sk-or-v1-test", fetch, clock, idleTimeoutMs: 50, retry: false });
  await assert.rejects(keys.list(), { code: "idle_timeout" });
});

test("the caller's clock is called with itself as this", async () => {
  class Clock {
    #begun = performance.now();
    now = () => performance.now() - this.#begun;
    date() {
      return this.#begun;
    }
    setTimeout(callback, ms) {
      return [this.#begun, setTimeout(callback, ms)];
    }
    clearTimeout([begun, timer]) {
      assert.equal(begun, this.#begun);
      clearTimeout(timer);
    }
  }
  const { keys } = clientOver([created("sk-or-v1-new")], { clock: new Clock() });
  assert.equal((await keys.create(PARAMS)).key, "sk-or-v1-new");
});
