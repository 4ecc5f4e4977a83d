// A response is used, whatever its headers are.

import assert from "node:assert/strict";
import { test } from "node:test";

import { clientOver, failureOf, PARAMS } from "./harness.mjs";

const SECRET = "sk-or-v1-new";
const BODY = JSON.stringify({ key: SECRET, data: {} });

const trap = () => {
  throw new Error("a trap");
};

/** The result of a create whose response has these headers. */
async function madeWith(headers, kind = (parts) => parts) {
  const canned = kind({ status: 201, headers, text: async () => BODY });
  const { keys } = clientOver([], { fetch: async () => canned });
  const { data, response } = await keys.create(PARAMS).withResponse();
  assert.equal(data.key, SECRET);
  assert.equal(response.status, 201);
  return response;
}

/** A `Response` with its headers replaced. */
const overridden = ({ status, headers }) => Object.defineProperty(new Response(BODY, { status }), "headers", headers === trap ? { get: trap } : { value: headers });
const throwing = (parts) => Object.defineProperty({ ...parts }, "headers", { get: trap });

const ITERATORS = {
  "an invalid iterator": () => 5,
  "an iterator that throws": trap,
  "a next that throws": () => ({ next: trap }),
  "a next whose getter throws": () => Object.defineProperty({}, "next", { get: trap }),
  "a done whose getter throws": () => ({ next: () => Object.defineProperty({}, "done", { get: trap }) }),
};

for (const [what, iterator] of Object.entries(ITERATORS)) {
  test(`a create returns its secret even if its headers have ${what}`, async () => {
    for (const kind of [undefined, overridden]) {
      const response = await madeWith({ [Symbol.iterator]: iterator }, kind);
      assert.deepEqual([...response.headers], []);
      const known = await madeWith({ [Symbol.iterator]: iterator, get: (name) => (name === "cf-ray" ? "ray-1" : null) }, kind);
      assert.equal(known.requestId, "ray-1");
    }
  });
}

test("a create returns its secret even if its headers cannot be read", async () => {
  for (const headers of [undefined, null, 5, "x: y", Symbol("none"), trap, new Proxy({}, { get: trap, ownKeys: trap })]) {
    await madeWith(headers);
    await madeWith(headers, overridden);
  }
  await madeWith(undefined, throwing);
});

test("a name or value that would add a header is left out", async () => {
  for (const forged of [{ "x-a: 1\nx-request-id": "forged" }, { "x-request-id: forged, x-a": "1" }, { "x-a": "1\r\nx-request-id: forged" }, { "x-a": "1\nx-request-id: forged" }]) {
    const response = await madeWith({ ...forged, "cf-ray": "ray-1" });
    assert.equal(response.requestId, "ray-1");
    assert.deepEqual([...response.headers.keys()], ["cf-ray"]);
  }
});

test("if headers have only get, the known ones are read", async () => {
  const given = { "x-request-id": "req-1", "x-ratelimit-remaining": "9", "x-other": "unseen", date: "Thu, 01 Jan 2032 00:00:00 GMT" };
  const headers = { get: (name) => (name === "cf-ray" ? trap() : (given[name] ?? null)) };
  const response = await madeWith(headers);
  assert.equal(response.requestId, "req-1");
  assert.deepEqual(response.rateLimit, { remaining: 9 });
  assert.deepEqual(Object.fromEntries(response.headers), { "x-request-id": "req-1", "x-ratelimit-remaining": "9", date: given.date });
});

test("a Retry-After that only get returns is obeyed", async () => {
  const slow = { status: 429, headers: { get: (name) => (name === "retry-after" ? "7" : null) }, text: async () => "{}" };
  const made = { status: 201, text: async () => BODY };
  const responses = [slow, made];
  const { keys, clock } = clientOver([], { fetch: async () => responses.shift(), retry: { jitter: false } });
  assert.equal((await keys.create(PARAMS)).key, SECRET);
  assert.deepEqual(clock.pauses, [7000]);
});

test("a header that cannot be read is left out, and the others are kept", async () => {
  const unreadable = Object.defineProperty([], 0, { get: trap });
  const values = [["x-number", 5], ["x-array", ["a", "b"]], ["x-text", " spaced "]];
  const odd = [["x-none", undefined], ["x-null", null], ["x-symbol", Symbol("no")], ["x-long", "x".repeat(1_000_000)], ["not a name", "x"], ["x-line", "a\nb"]];
  const expected = { "x-array": "a,b", "x-number": "5", "x-text": "spaced" };
  const lines = await madeWith([...values, unreadable, null, 5, ...odd]);
  assert.deepEqual(Object.fromEntries(lines.headers), expected);
  const object = Object.defineProperty(Object.fromEntries([...values, ...odd]), "x-getter", { get: trap, enumerable: true });
  assert.deepEqual(Object.fromEntries((await madeWith(object)).headers), expected);
});

test("a header beyond ISO-8859-1 loses only those letters", async () => {
  const response = await madeWith({ "x-name": "caf\u00e9 日本" });
  assert.equal(response.headers.get("x-name"), "caf\u00e9 ??");
});

test("a header beyond ASCII is returned as the runtime shows it", async () => {
  const { keys } = clientOver([{ status: 200, body: '{"data":[]}', headers: { "x-name": "caf\u00e9" } }]);
  const { response } = await keys.list().withResponse();
  assert.equal(response.headers.get("x-name"), "caf\u00e9");
});

test("a response object may have a status that the Response class refuses", async () => {
  const { keys } = clientOver([], { fetch: async () => ({ status: 700, text: async () => "{}" }), retry: false });
  const error = await failureOf(keys.create(PARAMS));
  assert.equal(error.status, 700);
  assert.equal(error.code, "other_status");
});
