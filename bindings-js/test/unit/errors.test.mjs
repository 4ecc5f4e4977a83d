// The error classes and their messages.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as api from "../../npm/index.js";
import { apiError, lost, never, refused, rejection, reply } from "../../npm/testing.js";
import { clientOver, failureOf, HASH, inAnotherProcess, OPERATIONS, PARAMS } from "./harness.mjs";

const redirect = () => ({ status: 302, headers: { location: "https://elsewhere.example/keys" } });
const unreadable = () => reply(200, { surprise: true });

/** The failure, the error's class, its code, and whether something may have been created or changed. */
const FAILURES = [
  [() => refused(), "ConnectionError", "connect", false],
  [() => rejection(Object.assign(new Error("no name"), { code: "ENOTFOUND" })), "ConnectionError", "dns", false],
  [() => lost(), "ConnectionError", "disconnected", true],
  [() => never(), "TimeoutError", "attempt_timeout", true],
  [redirect, "UnexpectedRedirectError", "unexpected_redirect", true],
  [() => apiError(400), "BadRequestError", "bad_request", false],
  [() => apiError(401), "UnauthorizedError", "unauthorized", false],
  [() => apiError(402), "PaymentRequiredError", "payment_required", false],
  [() => apiError(403), "ForbiddenError", "forbidden", false],
  [() => apiError(404), "NotFoundError", "not_found", false],
  [() => apiError(408), "ServerError", "request_timeout", true],
  [() => apiError(409), "ConflictError", "conflict", false],
  [() => apiError(413), "BadRequestError", "payload_too_large", false],
  [() => apiError(418), "ApiError", "other_status", undefined],
  [() => apiError(422), "BadRequestError", "unprocessable", false],
  [() => apiError(425), "RateLimitError", "too_many_requests", false],
  [() => apiError(429), "RateLimitError", "too_many_requests", false],
  [() => apiError(500), "ServerError", "server", true],
  [() => apiError(503), "ServerError", "server", true],
  [() => apiError(524), "ServerError", "server", true],
];

const API_CLASSES = ["BadRequestError", "UnauthorizedError", "PaymentRequiredError", "ForbiddenError", "NotFoundError", "ConflictError", "RateLimitError", "ServerError", "ApiError"];

/** The classes that an error of this class is an instance of. */
function family(name) {
  const parents = ["OpenRouterKeysError", "Error"];
  if (API_CLASSES.includes(name)) parents.push("ApiError");
  if (name === "TimeoutError") parents.push("ConnectionError");
  return new Set([name, ...parents]);
}

const CLASSES = Object.entries({ ...api, Error }).filter(([, value]) => value === Error || value?.prototype instanceof Error);

function isOfItsFamily(error, name) {
  const expected = family(name);
  for (const [other, kind] of CLASSES) assert.equal(error instanceof kind, expected.has(other), `${name} is ${other}`);
  assert.equal(error.name, name);
  assert.equal(error.constructor, api[name]);
  assert.ok(api.isOpenRouterKeysError(error));
  assert.ok(error.stack.startsWith(`${name}: ${error.message}`));
}

/** The first line says what happened, what changed, and what to do. */
function saysAll(error, effect, what) {
  const [, happened, came, advice] = error.message.match(/^(.+?); (nothing was created or changed|the change may have been made|a key named .+? may exist); (.+)$/) ?? [];
  assert.ok(happened?.startsWith(`${what}: `), error.message);
  assert.ok(happened.length > what.length + 5, error.message);
  assert.equal(came.startsWith("nothing"), effect === "nothing", error.message);
  assert.ok(advice.length > 5, error.message);
  assert.ok(!error.message.includes("\n"), error.message);
}

for (const [failure, name, code, isAmbiguous] of FAILURES) {
  test(`${code}: the class is ${name}, and the first line says what happened, what changed and what to do (${failure().status ?? "no response"})`, async () => {
    for (const [operation, call] of Object.entries(OPERATIONS)) {
      const { keys } = clientOver([failure()]);
      const error = await failureOf(call(keys, { retry: false }));
      isOfItsFamily(error, name);
      assert.equal(error.code, code);
      assert.equal(error.operation, operation);
      assert.equal(error.attempts, 1);
      saysAll(error, error.effect, operation);
      if (isAmbiguous === undefined) continue;
      if (operation === "create") {
        assert.equal(error.effect, isAmbiguous ? "may_have_created" : "nothing");
        assert.equal(error.mayHaveCreated?.name, isAmbiguous ? PARAMS.name : undefined);
        if (isAmbiguous) assert.ok(error.message.includes('"Customer 42"'), error.message);
      }
      if (["list", "get", "getCurrentKeyMetadata"].includes(operation)) assert.equal(error.effect, "nothing");
    }
  });
}

test("a success that cannot be read has its own error class", async () => {
  for (const [operation, call] of Object.entries(OPERATIONS)) {
    const { keys } = clientOver([unreadable()]);
    const error = await failureOf(call(keys));
    isOfItsFamily(error, "UnreadableResponseError");
    assert.equal(error.code, "unreadable");
    assert.equal(error.status, 200);
    assert.deepEqual(Object.keys(error.unreadable), ["path", "kind"]);
    saysAll(error, error.effect, operation);
  }
});

test("refused arguments, key functions, signals and stalled listings have their own error classes", async () => {
  const { keys } = clientOver([]);
  isOfItsFamily(await failureOf(keys.get(5)), "InvalidArgumentError");
  isOfItsFamily(await failureOf(keys.list({}, { signal: AbortSignal.abort() })), "AbortError");
  const sealed = clientOver([], { apiKey: () => Promise.reject(new Error("sealed")) });
  isOfItsFamily(await failureOf(sealed.keys.list()), "CredentialsError");
  const page = Array.from({ length: 100 }, (_, index) => ({ hash: String(index).padStart(64, "0") }));
  const stalled = clientOver(() => reply(200, { data: page }));
  isOfItsFamily(await failureOf(stalled.keys.listAll().toArray()), "PaginationStalledError");
});

test("an error of the constructor names the constructor", () => {
  for (const options of [{ apiKey: "a key" }, { apiKey: 5 }, { apiKey: "sk-or-v1-test", timeoutMs: 0 }, { apiKey: "sk-or-v1-test", baseUrl: "ftp://x" }]) {
    assert.throws(
      () => new api.OpenRouterKeys(options),
      ({ operation, code, effect, attempts }) => {
        assert.deepEqual({ operation, code, effect, attempts }, { operation: "new OpenRouterKeys", code: "invalid_argument", effect: "nothing", attempts: 0 });
        return true;
      },
    );
  }
});

test("messages use JavaScript's method names", async () => {
  for (const failure of [lost(), never(), apiError(500), unreadable()]) {
    const { keys } = clientOver([failure]);
    const { message } = await failureOf(keys.create(PARAMS));
    assert.ok(!/[a-z]_[a-z]/.test(message), message);
  }
});

test("an error has the API's values under JavaScript names", async () => {
  const body = {
    error: { code: 4290, message: "slow down", metadata: { limit_kind: "minute" } },
    user_id: "user_1",
    openrouter_metadata: { trace: [1] },
  };
  const { keys } = clientOver([reply(429, body, { headers: { "retry-after": "90", "x-request-id": "req-1" } })]);
  const error = await failureOf(keys.get(HASH));
  assert.equal(error.apiMessage, "slow down");
  assert.equal(error.apiCode, 4290);
  assert.deepEqual(error.metadata, { limit_kind: "minute" });
  assert.equal(error.userId, "user_1");
  assert.deepEqual(error.openrouterMetadata, { trace: [1] });
  assert.equal(error.body, "documented");
  assert.equal(error.status, 429);
  assert.equal(error.retryAfterMs, 90_000);
  assert.equal(error.requestId, "req-1");
  assert.equal(error.isRetryable, true);
});

test("a field that an error lacks is not a property of it", async () => {
  const { keys } = clientOver([refused()]);
  const error = await failureOf(keys.list({}, { retry: false }));
  for (const name of ["status", "retryAfterMs", "requestId", "mayHaveCreated", "metadata", "apiMessage"]) {
    assert.ok(!Object.hasOwn(error, name), name);
  }
});

test("an error of another copy of the package is recognised by instanceof and by isOpenRouterKeysError", () => {
  const result = inAnotherProcess(`
    const { createRequire } = await import("node:module");
    const other = createRequire(process.cwd() + "/x.js")("../../npm/index.cjs");
    const error = await new other.OpenRouterKeys({ apiKey: "sk-or-v1-test" }).get(5).catch((thrown) => thrown);
    result = [error instanceof api.OpenRouterKeysError, api.isOpenRouterKeysError(error), error.name];
  `);
  assert.deepEqual(result, [true, true, "InvalidArgumentError"]);
});

test("isOpenRouterKeysError is false for everything else", () => {
  for (const value of [undefined, null, "text", 5, {}, new Error("x"), new TypeError("x"), Object.create(null), () => {}]) {
    assert.equal(api.isOpenRouterKeysError(value), false);
  }
});
