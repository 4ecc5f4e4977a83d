// The canaries: planted secrets appear in nothing that prints, copies or serializes,
// whatever the server repeats.

import assert from "node:assert/strict";
import { test } from "node:test";

import { OpenRouterKeys } from "../../npm/index.js";
import { key, lost, never, refused, rejection, reply } from "../../npm/testing.js";
import { clientOver, everythingShown, failureOf, HASH, OPERATIONS, printed } from "./harness.mjs";

const SECRETS = {
  apiKey: "sk-or-v1-canary-of-the-management-key-0123456789",
  created: "sk-or-v1-canary-of-the-created-key-0123456789abcd",
  gateway: "canary-of-the-gateway-token-0123456789abcdef",
  external: "canary-of-the-partners-own-key-0123456789abcdef",
};
const REPEATED = Object.values(SECRETS).join(" and ");

const OPTIONS = { apiKey: SECRETS.apiKey, headers: { "x-gateway-token": SECRETS.gateway } };
const CREATE = { name: "Customer 42", limit: 1, external: { user: "partner", apiKey: SECRETS.external } };
const CALLS = { ...OPERATIONS, create: (keys, options) => keys.create(CREATE, options) };

/** Nothing that shows the value contains one of these secrets. */
function hides(value, what, secrets = SECRETS) {
  const everything = everythingShown(value) + printed(value);
  for (const [name, secret] of Object.entries(secrets)) {
    assert.ok(!everything.includes(secret), `${what} shows the secret ${name}:\n${everything}`);
  }
}

test("the search finds planted secrets", () => {
  for (const value of [{ a: { b: SECRETS.apiKey } }, new Error(SECRETS.apiKey), new Error("x", { cause: new Error(SECRETS.apiKey) })]) {
    assert.throws(() => hides(value, "a plain value"), /shows the secret apiKey/);
  }
});

test("a client shows none of its settings", () => {
  for (const apiKey of [SECRETS.apiKey, () => SECRETS.apiKey]) {
    const { keys } = clientOver([], { ...OPTIONS, apiKey });
    hides(keys, "the client");
    assert.deepEqual(Object.keys(keys), []);
    assert.deepEqual(Reflect.ownKeys(keys), []);
    assert.equal(JSON.stringify(keys), "{}");
  }
});

test("a client neither changes nor keeps its options", () => {
  const options = Object.freeze({ ...OPTIONS, headers: Object.freeze({ ...OPTIONS.headers }) });
  const keys = new OpenRouterKeys(options);
  assert.deepEqual(options, OPTIONS);
  assert.ok(!Object.values(keys).includes(options));
});

test("only its getter shows a created key", async () => {
  const { keys } = clientOver([reply(201, { key: SECRETS.created, data: key() })], OPTIONS);
  const call = keys.create(CREATE);
  const { data: created, response } = await call.withResponse();
  assert.equal(created.key, SECRETS.created);
  hides(created, "the created key");
  hides(response, "the response");
  hides({ created, response }, "both together");
  assert.ok(!printed(call).includes(SECRETS.created));
  assert.ok(!Object.keys(created).includes("key"));
  assert.equal(structuredClone(created).key, undefined);
  assert.equal({ ...created }.key, undefined);
  assert.equal(Object.assign({}, created).key, undefined);
});

test("only the getter shows a created key that the rest of the response repeats", async () => {
  const repeated = { ...key({ label: SECRETS.created, name: REPEATED, limit: REPEATED }), surprise: { nested: [REPEATED] } };
  const bodies = [
    { key: SECRETS.created, data: repeated, warning: REPEATED },
    { key: SECRETS.created, data: REPEATED },
    { key: SECRETS.created, data: { hash: 5, [SECRETS.created]: 1 } },
  ];
  for (const body of bodies) {
    const { keys } = clientOver([reply(201, body)], OPTIONS);
    const created = await keys.create(CREATE);
    assert.equal(created.key, SECRETS.created);
    hides(created, "the created key", { created: SECRETS.created });
  }
});

test("printing a response never shows its headers", async () => {
  const headers = { "x-request-id": "req-1", "set-cookie": `session=${SECRETS.gateway}`, "x-echo": SECRETS.apiKey };
  const { keys } = clientOver([reply(200, { data: [] }, { headers })], OPTIONS);
  const { response } = await keys.list().withResponse();
  assert.equal(response.headers.get("x-echo"), SECRETS.apiKey);
  hides(response, "the response");
});

/** API errors that repeat every secret that the server can know. */
const REPEATING = [400, 401, 403, 404, 409, 429, 500, 503].flatMap((status) => [
  [`${status} as documented`, { error: { code: status, message: REPEATED, metadata: { raw: REPEATED, list: [REPEATED], [REPEATED]: 1 } }, user_id: REPEATED, openrouter_metadata: { deep: { deeper: REPEATED } } }],
  [`${status} in JSON of another form`, { message: REPEATED, detail: [REPEATED] }],
]);

/** Which secrets a request of this operation contains. */
function sentBy(operation) {
  const { apiKey, gateway, external } = SECRETS;
  return operation === "create" ? { apiKey, gateway, external } : { apiKey, gateway };
}

for (const [what, body] of REPEATING) {
  test(`an error does not repeat the secrets of its request: ${what}`, async () => {
    for (const [operation, call] of Object.entries(CALLS)) {
      const { keys } = clientOver([reply(Number.parseInt(what), body, { headers: { "x-request-id": "req-1" } })], OPTIONS);
      const error = await failureOf(call(keys, { retry: false }));
      assert.equal(error.status, Number.parseInt(what));
      hides(error, operation, sentBy(operation));
    }
  });
}

test("an error does not repeat secrets in a request id, a page or a redirect", async () => {
  const responses = [
    reply(500, undefined, { headers: { "x-request-id": REPEATED } }),
    { status: 502, headers: { "content-type": "text/html" }, body: `<html>${REPEATED}</html>` },
    { status: 302, headers: { location: `https://elsewhere.example/${encodeURI(REPEATED)}?key=${SECRETS.apiKey}` } },
    { status: 302, headers: { location: `https://${SECRETS.apiKey}@elsewhere.example/` } },
    { status: 200, body: `not JSON ${REPEATED}` },
    { status: 200, body: JSON.stringify({ [REPEATED]: REPEATED }) },
  ];
  for (const response of responses) {
    for (const [operation, call] of Object.entries(CALLS)) {
      const { keys } = clientOver([response], OPTIONS);
      const called = call(keys, { retry: false });
      // Only the created key that the server repeats is returned.
      const isFound = operation === "create" && response.status === 200;
      const came = await (isFound ? called : failureOf(called));
      assert.notEqual(came.code, "connection", `${operation}: ${came}`);
      hides(came, `${operation}, ${response.status}`, sentBy(operation));
    }
  }
});

test("an error about a response that contains a created key shows nothing of the key", async () => {
  const { created } = SECRETS;
  const bodies = [`{"data":{},"key":"${created}`, `key=${created}`, `<html>"${created}"`, `{"error":{"message":"${created}"}}`];
  for (const body of bodies) {
    const { keys } = clientOver([{ status: 201, body }], OPTIONS);
    const error = await failureOf(keys.create(CREATE));
    assert.equal(error.effect, "may_have_created");
    hides(error, "the error");
  }
});

test("only the getter shows a created key that stands elsewhere", async () => {
  const { created } = SECRETS;
  for (const body of [`{"key":["${created}"]}`, `{"key":{"${created}":1}}`, `{"data":{"key":"${created}"}}`, `"${created}"`, `{"note":"it is ${created}"}`]) {
    const { keys } = clientOver([{ status: 201, body }], OPTIONS);
    const came = await keys.create(CREATE);
    assert.equal(came.key, created);
    hides(came, body);
  }
});

test("an error below HTTP does not repeat what fetch said about the request", async () => {
  const quoting = new TypeError(`Headers.append: "Bearer ${SECRETS.apiKey}" is an invalid header value`, {
    cause: Object.assign(new Error(`${SECRETS.gateway} ${SECRETS.external}`), { request: OPTIONS, code: SECRETS.apiKey }),
  });
  const failures = [rejection(quoting), rejection(REPEATED), rejection({ message: REPEATED }), lost(), refused(), never()];
  for (const failure of failures) {
    for (const [operation, call] of Object.entries(CALLS)) {
      const { keys } = clientOver([failure], OPTIONS);
      hides(await failureOf(call(keys, { retry: false })), operation, sentBy(operation));
    }
  }
});

test("a refused argument is not repeated if it may be a secret", async () => {
  const { keys } = clientOver([], OPTIONS);
  const refusals = [
    keys.create({ ...CREATE, external: { user: "partner", apiKey: `${SECRETS.external}\ud800` } }),
    keys.create({ ...CREATE, external: { user: "", apiKey: SECRETS.external } }),
    keys.create({ ...CREATE, limit: NaN }),
    keys.list({}, { headers: { "x-token": `${SECRETS.gateway}\n` } }),
    keys.list({}, { headers: { authorization: `Bearer ${SECRETS.apiKey}` } }),
    keys.list({}, { baseUrl: `https://user:${SECRETS.gateway}@gateway.example` }),
    keys.list({}, { baseUrl: `https://gateway.example/?token=${SECRETS.gateway}` }),
    keys.get(`${SECRETS.apiKey}/..`),
  ];
  for (const refusal of refusals) {
    const error = await failureOf(refusal);
    assert.equal(error.code, "invalid_argument", String(error));
    hides(error, "the refusal");
  }
  for (const options of [{ apiKey: ` ${SECRETS.apiKey}` }, { ...OPTIONS, baseUrl: `https://${SECRETS.gateway}@gateway.example` }, { ...OPTIONS, headers: { "x-token": `${SECRETS.gateway}\r\nx` } }]) {
    const error = await failureOf((async () => new OpenRouterKeys(options))());
    assert.equal(error.code, "invalid_argument");
    hides(error, "the refusal");
  }
});

test("no URL contains a secret", async () => {
  for (const call of Object.values(CALLS)) {
    const { keys, fetch } = clientOver([never()], OPTIONS);
    await failureOf(call(keys, { retry: false }));
    for (const secret of Object.values(SECRETS)) assert.ok(!fetch.requests[0].url.includes(secret));
  }
});

test("keys and pages show no secret of the request", async () => {
  const { keys } = clientOver([reply(200, { data: [key()] }), reply(200, { data: key() })], OPTIONS);
  hides(await keys.list(), "the page");
  hides(await keys.get(HASH), "the key");
});
