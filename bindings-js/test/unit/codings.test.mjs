// Bodies that are compressed, or declared as such, as Node's own fetch reads them.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { constants, gzipSync } from "node:zlib";

import { OpenRouterKeys } from "../../npm/index.js";
import { API_KEY, failureOf, PARAMS } from "./harness.mjs";

const SECRET = "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";
const CREATED = JSON.stringify({ key: SECRET, data: { hash: "h" } });

/** Calls with a client of a server with this reply, and how many requests it got. */
async function over(reply, use, options) {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    request.resume().on("end", () => reply(response));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const baseUrl = `http://127.0.0.1:${server.address().port}`;
    const retry = { initialIntervalMs: 1, throttledIntervalMs: 1 };
    await use(new OpenRouterKeys({ apiKey: API_KEY, baseUrl, retry, ...options }), () => requests);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const labelled = (status, body) => (response) => response.writeHead(status, { "content-encoding": "gzip" }).end(body);

test("the status of an error decides even if its body is wrongly declared as compressed", async () => {
  for (const [status, code, requests] of [[400, "bad_request", 1], [422, "unprocessable", 1], [503, "server", 3], [429, "too_many_requests", 3]]) {
    await over(labelled(status, '{"error":{"code":1}}'), async (keys, seen) => {
      const error = await failureOf(keys.list());
      assert.equal(error.code, code);
      assert.equal(error.status, status);
      assert.equal(seen(), requests, `${status}`);
    });
  }
});

test("a delete whose 404 is wrongly declared as compressed is already gone after a 502", async () => {
  const replies = [labelled(502, "no"), labelled(404, "no")];
  await over((response) => replies.shift()(response), async (keys) => {
    assert.equal((await keys.delete("abc")).alreadyGone, true);
  });
});

test("the secret of a create arrives in a compressed body", async () => {
  await over(labelled(201, gzipSync(CREATED)), async (keys) => {
    assert.equal((await keys.create(PARAMS)).key, SECRET);
  });
});

test("the secret of a create arrives in a compressed body that never ends", async () => {
  const begun = gzipSync(CREATED, { finishFlush: constants.Z_SYNC_FLUSH });
  const reply = (response) => response.writeHead(201, { "content-encoding": "gzip" }).write(begun);
  const use = async (keys) => assert.equal((await keys.create(PARAMS)).key, SECRET);
  await over(reply, use, { attemptTimeoutMs: 1000 });
});
