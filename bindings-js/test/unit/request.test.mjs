// Any other request to the API: what is sent, what comes back, what is refused.

import assert from "node:assert/strict";
import { test } from "node:test";

import { InvalidArgumentError, UnreadableResponseError } from "../../npm/index.js";
import { apiError, lost, refused, reply } from "../../npm/testing.js";
import { API_KEY, clientOver, everythingShown, failureOf } from "./harness.mjs";

const POST = Object.freeze({ method: "POST", path: "/guardrails", body: { name: "strict" } });

test("a request is sent as described, and its JSON is returned", async () => {
  const { keys, fetch } = clientOver([reply(200, { data: { total_credits: 10, total_usage: 2.5 } })]);
  const { data } = await keys.request({ path: "/credits" });
  assert.deepEqual(data, { total_credits: 10, total_usage: 2.5 });
  const [{ url, method, headers, body }] = fetch.requests;
  assert.deepEqual([url, method, body], ["https://openrouter.ai/api/v1/credits", "GET", undefined]);
  assert.equal(new Headers(headers).get("authorization"), `Bearer ${API_KEY}`);
});

test("a query is encoded, and a body sent as JSON", async () => {
  const { keys, fetch } = clientOver([reply(201, { id: 1 })]);
  const query = { "a b": "c&d=é", limit: 5, all: true, left: undefined, id: ["x", "y"] };
  assert.deepEqual(await keys.request({ ...POST, query }), { id: 1 });
  const [{ url, method, body, headers }] = fetch.requests;
  const expected = "?a%20b=c%26d%3D%C3%A9&limit=5&all=true&id=x&id=y";
  assert.deepEqual([url, method], [`https://openrouter.ai/api/v1/guardrails${expected}`, "POST"]);
  assert.equal(body, '{"name":"strict"}');
  assert.equal(new Headers(headers).get("content-type"), "application/json");
});

test("a request has withResponse, and an empty body is undefined", async () => {
  const { keys } = clientOver([{ ...reply(204), headers: { "x-request-id": "req-1" } }]);
  const { data, response } = await keys.request({ method: "DELETE", path: "/byok/1" }).withResponse();
  assert.equal(data, undefined);
  assert.deepEqual([response.status, response.requestId], [204, "req-1"]);
});

test("a request that is not idempotent is sent once if its outcome is unknown", async () => {
  for (const [request, requests, effect] of [
    [{ path: "/credits" }, 3, "nothing"],
    [{ path: "/guardrails/1", method: "PUT", body: {} }, 3, "may_have_changed"],
    [POST, 1, "may_have_taken_effect"],
    [{ ...POST, method: "PATCH" }, 1, "may_have_taken_effect"],
    [{ path: "/guardrails/1", method: "PUT", body: {}, idempotent: false }, 1, "may_have_taken_effect"],
    [{ ...POST, idempotent: true }, 3, "may_have_changed"],
  ]) {
    const { keys, fetch } = clientOver(Array(3).fill(lost()));
    const error = await failureOf(keys.request(request));
    assert.deepEqual([fetch.requests.length, error.effect], [requests, effect]);
    assert.equal(error.isRetryable, requests > 1);
    assert.doesNotMatch(error.message, /a key/);
    assert.equal(error.mayHaveCreated, undefined);
  }
  const { keys, fetch } = clientOver([refused(), reply(201, {})]);
  assert.deepEqual(await keys.request(POST), {});
  assert.equal(fetch.requests.length, 2);
});

test("an invalid request is refused, and nothing is sent", async () => {
  const circle = {};
  circle.circle = circle;
  for (const request of [
    undefined,
    "/credits",
    {},
    { path: "credits" },
    { path: "/keys/../credits" },
    { path: "/%2e%2e/credits" },
    { path: "/credits?x=1" },
    { path: "https://evil.example/credits" },
    { path: "/credits", method: "TRACE" },
    { path: "/credits", method: "get" },
    { path: "/credits", body: {} },
    { path: "/credits", methd: "GET" },
    { path: "/credits", query: { a: {} } },
    { path: "/credits", query: { a: NaN } },
    { path: "/credits", query: [["a", "b", "c"]] },
    { path: "/credits", query: ["ab"] },
    { ...POST, body: { limit: NaN } },
    { ...POST, body: [Infinity] },
    { ...POST, body: circle },
    { ...POST, body: () => {} },
    { ...POST, body: 1n },
    { ...POST, idempotent: "yes" },
  ]) {
    const { keys, fetch } = clientOver([]);
    const error = await failureOf(keys.request(request));
    assert.ok(error instanceof InvalidArgumentError, error.message);
    assert.deepEqual([error.operation, fetch.requests.length], ["request", 0]);
  }
});

test("an error of any request is typed and contains no secret", async () => {
  const { keys } = clientOver([apiError(403, `${API_KEY} may not do this`), { status: 200, body: "<html>" }]);
  const error = await failureOf(keys.request(POST));
  assert.deepEqual([error.code, error.status], ["forbidden", 403]);
  assert.doesNotMatch(everythingShown(error), new RegExp(API_KEY));
  assert.ok((await failureOf(keys.request({ path: "/credits" }))) instanceof UnreadableResponseError);
});
