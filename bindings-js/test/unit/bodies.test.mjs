// Bodies that are read chunk by chunk, as far as needed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";

import { OpenRouterKeys } from "../../npm/index.js";
import { virtualClock } from "../../npm/testing.js";
import { clientOver, failureOf, PARAMS } from "./harness.mjs";

const LIMIT = 4 << 20;

/** A client whose response has these headers and endless chunks of this length, and how many were read. */
function flooded(headers, length) {
  const read = { pieces: 0 };
  const body = () => {
    const pull = (controller) => {
      read.pieces += 1;
      controller.enqueue(new Uint8Array(length).fill(0x20));
    };
    return new ReadableStream({ pull }, { highWaterMark: 0 });
  };
  const fetch = async () => new Response(body(), { headers });
  return { client: new OpenRouterKeys({ apiKey: "sk-or-v1-test", fetch }), read };
}

test("a body announced as too large is not read at all", async () => {
  const { client, read } = flooded({ "content-length": String(LIMIT + 1) }, 1 << 16);
  await assert.rejects(client.list());
  assert.equal(read.pieces, 0);
});

test("an endless body is read up to the limit and no further", async () => {
  for (const headers of [{}, { "content-length": String(LIMIT) }, { "content-length": "no number" }]) {
    const { client, read } = flooded(headers, 1 << 16);
    await assert.rejects(client.list());
    assert.equal(read.pieces, LIMIT / (1 << 16) + 1);
  }
});

/** A client whose response has this stream as its body. */
const clientWith = (source, options) => clientOver([], { fetch: async () => new Response(new ReadableStream(source), { status: 201 }), retry: false, ...options }).keys;

test("an endless body of empty chunks ends the call, although no timer can fire", { timeout: 30_000 }, async () => {
  let pieces = 0;
  const pull = (controller) => {
    pieces += 1;
    controller.enqueue(new Uint8Array(0));
  };
  const error = await failureOf(clientWith({ pull }).create(PARAMS));
  assert.equal(error.code, "protocol");
  assert.equal(error.effect, "may_have_created");
  assert.equal(error.cause.message, "the body is made of empty pieces");
  assert.ok(pieces < 20_000, `${pieces} pieces`);
});

test("empty chunks among others are ignored", async () => {
  const pieces = ["", '{"key":"sk-or', "", "", '-v1-new"}', ""].map((text) => new TextEncoder().encode(text));
  const pull = (controller) => (pieces.length > 0 ? controller.enqueue(pieces.shift()) : controller.close());
  assert.equal((await clientWith({ pull }).create(PARAMS)).key, "sk-or-v1-new");
});

/** A client with a virtual clock, whose response arrives in chunks this many ms apart, and then stalls or ends. */
function trickling(text, apart, stalls) {
  const clock = virtualClock();
  const pieces = [...text].map((character) => new TextEncoder().encode(character));
  const pull = (controller) => {
    if (pieces.length === 0) return stalls ? undefined : controller.close();
    return new Promise((resolve) => clock.setTimeout(() => resolve(controller.enqueue(pieces.shift())), apart));
  };
  const fetch = async () => new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
  return { clock, keys: new OpenRouterKeys({ apiKey: "sk-or-v1-test", fetch, clock, idleTimeoutMs: 100, retry: false }) };
}

test("the idle time of a stalled body counts from its last chunk", async () => {
  const { clock, keys } = trickling('{"', 60, true);
  await assert.rejects(keys.list(), { code: "idle_timeout" });
  assert.equal(clock.now(), 60 + 60 + 100);
});

test("a slow body is read to its end, however long that takes", async () => {
  const text = '{"data":[]}';
  const { clock, keys } = trickling(text, 60, false);
  assert.deepEqual((await keys.list()).data, []);
  assert.equal(clock.now(), text.length * 60);
});

test("a stream is cancelled if its body is abandoned, and not if it is read", async () => {
  const piece = (length) => (controller) => controller.enqueue(new Uint8Array(length).fill(0x20));
  const text = (controller) => controller.enqueue("no bytes");
  const whole = (controller) => {
    controller.enqueue(new TextEncoder().encode('{"key":"sk-or-v1-new"}'));
    controller.close();
  };
  for (const [pull, options, times] of [
    [piece(1 << 20), {}, 1],
    [piece(0), {}, 1],
    [text, {}, 1],
    [undefined, { idleTimeoutMs: 50 }, 1],
    [undefined, { attemptTimeoutMs: 50 }, 1],
    [whole, {}, 0],
  ]) {
    let cancelled = 0;
    const cancel = () => {
      cancelled += 1;
      throw new Error("the stream's own");
    };
    await clientWith({ pull, cancel }, options).create(PARAMS).catch(() => {});
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(cancelled, times, `${pull} ${JSON.stringify(options)}`);
  }
});

test("chunks may be any view of bytes, from any realm", async () => {
  const bytes = new TextEncoder().encode('..{"key":"sk-or-v1-new"}.');
  const foreign = (kind) => runInNewContext(`new ${kind}(new Uint8Array([${bytes}]).buffer, 2, ${bytes.length - 3})`);
  for (const piece of [foreign("Uint8Array"), foreign("DataView"), new DataView(bytes.buffer, 2, bytes.length - 3), Buffer.from(bytes).subarray(2, -1)]) {
    const start = (controller) => {
      controller.enqueue(piece);
      controller.close();
    };
    assert.equal((await clientWith({ start }).create(PARAMS)).key, "sk-or-v1-new");
  }
});

test("a chunk with false properties ends its call and nothing else", async () => {
  const lying = (name, value) => Object.defineProperty(new Uint8Array(8), name, value);
  const trap = () => {
    throw new Error("a trap");
  };
  for (const piece of [lying("byteLength", { value: 1 << 30 }), lying("byteOffset", { value: -1 }), lying("buffer", { value: 5n }), lying("buffer", { get: trap }), lying("length", { value: 4 })]) {
    const start = (controller) => {
      controller.enqueue(piece);
      controller.close();
    };
    assert.equal((await failureOf(clientWith({ start }).create(PARAMS))).effect, "may_have_created");
  }
});
