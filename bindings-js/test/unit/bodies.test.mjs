// Bodies that are too large, read piece by piece.

import assert from "node:assert/strict";
import { test } from "node:test";

import { OpenRouterKeys } from "../../npm/index.js";

const LIMIT = 4 << 20;

/** A client whose answer has these headers and pieces of this length for ever, and how many were read. */
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

test("a body that is announced too large is not read at all", async () => {
  const { client, read } = flooded({ "content-length": String(LIMIT + 1) }, 1 << 16);
  await assert.rejects(client.list());
  assert.equal(read.pieces, 0);
});

test("a body that never ends is read to the limit and no further", async () => {
  for (const headers of [{}, { "content-length": String(LIMIT) }, { "content-length": "no number" }]) {
    const { client, read } = flooded(headers, 1 << 16);
    await assert.rejects(client.list());
    assert.equal(read.pieces, LIMIT / (1 << 16) + 1);
  }
});
