// What the iterator protocols guarantee for a listing, and how one ends early.

import assert from "node:assert/strict";
import { test } from "node:test";

import { AbortError, InvalidArgumentError } from "../../npm/index.js";
import { key, listed } from "../../npm/testing.js";
import { clientOver, failureOf } from "./harness.mjs";

const KEYS = Array.from({ length: 150 }, (_, at) => key({ hash: String(at).padStart(64, "0"), name: `key ${at}` }));
const serve = ({ url }) => {
  const offset = Number(new URL(url).searchParams.get("offset") ?? 0);
  return listed(KEYS.slice(offset, offset + 100));
};

/** A loop that aborts after this many keys, and how many it saw. */
async function abortedAfter(count, keys, params) {
  const controller = new AbortController();
  const reason = new Error("the user left");
  let seen = 0;
  const error = await failureOf(
    (async () => {
      for await (const _ of keys.listAll(params, { signal: controller.signal })) {
        seen++;
        if (seen === count) controller.abort(reason);
      }
    })(),
  );
  assert.ok(error instanceof AbortError, String(error));
  assert.equal(error.cause, reason);
  assert.equal(error.effect, "nothing");
  return seen;
}

test("an abort within a page stops the loop at the next key with the reason, even on the last page and at its last key", async () => {
  for (const count of [1, 40, 99, 100, 101, 149, 150]) {
    const { keys, fetch } = clientOver(serve);
    assert.equal(await abortedAfter(count, keys), count);
    assert.equal(fetch.requests.length, count <= 100 ? 1 : 2);
  }
});

test("an abort within a page cancels the pages requested ahead", async () => {
  const signals = [];
  const { keys } = clientOver((request) => {
    signals.push(request.signal);
    return signals.length === 1 ? serve(request) : { ...serve(request), delayMs: Infinity };
  });
  assert.equal(await abortedAfter(5, keys, { prefetch: 3 }), 5);
  assert.ok(signals.slice(1).every(({ aborted }) => aborted));
});

test("leaving the loop cancels the pages requested ahead", async () => {
  const signals = [];
  const { keys } = clientOver((request) => {
    signals.push(request.signal);
    return signals.length === 1 ? serve(request) : { ...serve(request), delayMs: Infinity };
  });
  for await (const _ of keys.listAll({ prefetch: 3 })) break;
  assert.ok(signals.length > 1 && signals.slice(1).every(({ aborted }) => aborted), `${signals.length}`);
});

test("disposing of a client within a page ends its listing at the next key", async () => {
  const { keys, fetch } = clientOver(serve);
  let seen = 0;
  const error = await failureOf(
    (async () => {
      for await (const _ of keys.listAll()) {
        seen++;
        keys.dispose();
      }
    })(),
  );
  assert.ok(error instanceof InvalidArgumentError, String(error));
  assert.equal(error.argument, "client");
  assert.equal(seen, 1);
  assert.equal(fetch.requests.length, 1);
});

test("throw ends the listing with what is thrown, before, within and after it", async () => {
  for (const taken of [0, 1, 120]) {
    const { keys } = clientOver(serve);
    const listing = keys.listAll();
    for (let at = 0; at < taken; at++) await listing.next();
    const thrown = new Error("the caller's own");
    assert.equal(await failureOf(listing.throw(thrown)), thrown);
    assert.deepEqual(await listing.next(), { value: undefined, done: true });
    assert.equal(await failureOf(listing.throw(thrown)), thrown);
  }
});

test("return ends the listing and returns its value, as often as it is called", async () => {
  const { keys, fetch } = clientOver(serve);
  const listing = keys.listAll();
  await listing.next();
  assert.deepEqual(await listing.return("value"), { value: "value", done: true });
  assert.deepEqual(await listing.return(5), { value: 5, done: true });
  assert.deepEqual(await listing.next(), { value: undefined, done: true });
  assert.equal(fetch.requests.length, 1);
});

test("concurrent steps wait for one another, including a return", async () => {
  const { keys } = clientOver(serve);
  const listing = keys.listAll();
  const steps = await Promise.all([listing.next(), listing.next(), listing.return("r"), listing.next()]);
  assert.deepEqual(steps.map(({ value, done }) => [value?.name ?? value, done]), [["key 0", false], ["key 1", false], ["r", true], [undefined, true]]);
});

test("after the end, every step reports the end", async () => {
  const { keys, fetch } = clientOver(serve);
  const listing = keys.listAll();
  for (let at = 0; at < 150; at++) assert.equal((await listing.next()).done, false);
  assert.deepEqual(await listing.next(), { value: undefined, done: true });
  const sent = fetch.requests.length;
  for (let at = 0; at < 3; at++) assert.deepEqual(await listing.next(), { value: undefined, done: true });
  assert.equal(fetch.requests.length, sent);
});

test("a second iteration of a listing that was read, left or has failed is refused, not empty", async () => {
  const endings = {
    read: (listing) => listing.toArray(),
    left: async (listing) => {
      for await (const _ of listing) break;
    },
    thrown: (listing) => listing.throw(new Error("x")).catch(() => {}),
    failed: async (listing, fetch) => {
      while (fetch.requests.length < 1) await listing.next().catch(() => {});
      await listing.return();
    },
  };
  for (const [what, end] of Object.entries(endings)) {
    const { keys, fetch } = clientOver(serve);
    const listing = keys.listAll();
    await end(listing, fetch);
    const loop = async () => {
      for await (const _ of listing);
    };
    for (const again of [() => listing.toArray(), loop]) {
      const error = await failureOf(again());
      assert.ok(error instanceof InvalidArgumentError, `${what}: ${error}`);
      assert.match(error.message, /call listAll again/);
    }
  }
});

test("a second concurrent toArray is refused, and the first has every key", async () => {
  const { keys } = clientOver(serve);
  const listing = keys.listAll();
  const first = listing.toArray();
  assert.ok((await failureOf(listing.toArray())) instanceof InvalidArgumentError);
  assert.equal((await first).length, KEYS.length);
});

test("a loop after a single next has the remaining keys", async () => {
  const { keys } = clientOver(serve);
  const listing = keys.listAll()[Symbol.asyncIterator]();
  await listing.next();
  let rest = 0;
  for await (const _ of listing) rest++;
  assert.equal(rest, KEYS.length - 1);
});

test("disposing of a listing ends it", async () => {
  const { keys, fetch } = clientOver(serve);
  const listing = keys.listAll();
  await listing.next();
  assert.equal(await listing[Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")](), undefined);
  assert.equal((await listing.next()).done, true);
  assert.equal(fetch.requests.length, 1);
});
