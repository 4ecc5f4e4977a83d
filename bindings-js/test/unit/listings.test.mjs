// Listing all pages by JavaScript's iteration.

import assert from "node:assert/strict";
import { test } from "node:test";

import { InvalidArgumentError, PaginationStalledError, ServerError } from "../../npm/index.js";
import { apiError, key, listed } from "../../npm/testing.js";
import { clientOver, failureOf } from "./harness.mjs";

const KEYS = Array.from({ length: 250 }, (_, index) => key({ hash: String(index).padStart(64, "0"), name: `key ${index}` }));

/** A server with these keys, a hundred per page. */
const serve = (keys) => ({ url }) => {
  const offset = Number(new URL(url).searchParams.get("offset") ?? 0);
  return listed(keys.slice(offset, offset + 100));
};

const NAMES = KEYS.map(({ name }) => name);

test("for await visits every key once, in order", async () => {
  const { keys } = clientOver(serve(KEYS));
  const names = [];
  for await (const { name } of keys.listAll()) names.push(name);
  assert.deepEqual(names, NAMES);
});

test("toArray returns all keys, or the rest after some were taken", async () => {
  const { keys } = clientOver(serve(KEYS));
  assert.deepEqual((await keys.listAll().toArray()).map(({ name }) => name), NAMES);
  const listing = keys.listAll();
  await listing.next();
  await listing.next();
  assert.deepEqual((await listing.toArray()).map(({ name }) => name), NAMES.slice(2));
});

test("nothing is sent before the first key is requested", async () => {
  const { keys, fetch } = clientOver(serve(KEYS));
  const listing = keys.listAll();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(fetch.requests.length, 0);
  await listing.next();
  assert.equal(fetch.requests.length, 1);
});

test("a loop that is left early requests no further page, and the listing is over", async () => {
  const { keys, fetch } = clientOver(serve(KEYS));
  const listing = keys.listAll();
  for await (const { name } of listing) {
    if (name === "key 40") break;
  }
  assert.equal(fetch.requests.length, 1);
  assert.deepEqual(await listing.next(), { value: undefined, done: true });
  assert.equal(fetch.requests.length, 1);
});

test("a loop that throws ends the listing", async () => {
  const { keys, fetch } = clientOver(serve(KEYS));
  const listing = keys.listAll();
  const thrown = new Error("the loop's own");
  const error = await failureOf(
    (async () => {
      for await (const _ of listing) throw thrown;
    })(),
  );
  assert.equal(error, thrown);
  assert.equal((await listing.next()).done, true);
  assert.equal(fetch.requests.length, 1);
});

test("an empty account has no keys", async () => {
  const { keys, fetch } = clientOver(serve([]));
  assert.deepEqual(await keys.listAll().toArray(), []);
  assert.equal(fetch.requests.length, 1);
});

test("the keys before a failure arrive, and after it nothing is sent", async () => {
  const pages = serve(KEYS);
  const { keys, fetch } = clientOver((request) => (fetch.requests.length === 1 ? pages(request) : apiError(500)));
  const listing = keys.listAll({}, { retry: false });
  const names = [];
  const error = await failureOf(
    (async () => {
      for await (const { name } of listing) names.push(name);
    })(),
  );
  assert.ok(error instanceof ServerError);
  assert.deepEqual(names, NAMES.slice(0, 100));
  const sent = fetch.requests.length;
  assert.equal((await listing.next()).done, true);
  assert.equal(fetch.requests.length, sent);
});

test("a server that ignores the offset is detected", async () => {
  const { keys, fetch } = clientOver(() => listed(KEYS.slice(0, 100)));
  const error = await failureOf(keys.listAll().toArray());
  assert.ok(error instanceof PaginationStalledError, String(error));
  assert.equal(error.effect, "nothing");
  assert.ok(Number.isInteger(error.offset) && error.offset > 0);
  assert.ok(fetch.requests.length <= 2);
});

test("parameters and options apply to every page", async () => {
  const { keys, fetch } = clientOver(serve(KEYS));
  await keys.listAll({ includeDisabled: true, includeExpired: true, offset: 10 }, { headers: { "x-team": "billing" } }).toArray();
  assert.ok(fetch.requests.length >= 3);
  for (const { path, headers } of fetch.requests) {
    assert.ok(path.includes("include_disabled=true") && path.includes("include_expired=true"), path);
    assert.equal(headers["x-team"], "billing");
  }
  assert.ok(fetch.requests[0].path.includes("offset=10"));
});

test("a refused parameter rejects at the first key, and never throws", async () => {
  const { keys } = clientOver([]);
  const listing = keys.listAll({ offset: -1 });
  assert.ok((await failureOf(listing.next())) instanceof InvalidArgumentError);
});

test("keys requested concurrently arrive in order", async () => {
  const { keys } = clientOver(serve(KEYS));
  const listing = keys.listAll();
  const results = await Promise.all(Array.from({ length: 120 }, () => listing.next()));
  assert.deepEqual(results.map(({ value }) => value.name), NAMES.slice(0, 120));
});
