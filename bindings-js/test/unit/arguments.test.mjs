// Arguments that are refused before anything is sent, because JavaScript would accept them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";

import { InvalidArgumentError, OpenRouterKeys } from "../../npm/index.js";
import { apiError, created, found, listed } from "../../npm/testing.js";
import { API_KEY, clientOver, everythingShown, failureOf, HASH, OPERATIONS, PARAMS } from "./harness.mjs";

const LONE_SURROGATES = ["\ud800", "a\udc00", "\udfff\ud800z"];

/** The argument is refused by that name, and nothing is sent. */
async function isRefused(argument, call, { says = "" } = {}) {
  const { keys, fetch } = clientOver([]);
  const error = await failureOf(call(keys));
  assert.ok(error instanceof InvalidArgumentError, `${argument}: ${error}`);
  assert.equal(error.argument, argument);
  assert.equal(error.code, "invalid_argument");
  assert.equal(error.effect, "nothing");
  assert.equal(error.attempts, 0);
  assert.ok(error.message.includes(says), `${error.message} says ${says}`);
  assert.equal(fetch.requests.length, 0);
  return error;
}

/** The client option is refused by that name. */
function isRefusedOption(argument, options, { says = "" } = {}) {
  assert.throws(
    () => new OpenRouterKeys({ apiKey: API_KEY, ...options }),
    (error) => error instanceof InvalidArgumentError && error.argument === argument && error.message.includes(says),
  );
}

test("half of a surrogate pair is refused in every string of every argument", async () => {
  const user = { user: "partner" };
  for (const text of LONE_SURROGATES) {
    for (const name of ["name", "limitReset", "expiresAt", "workspaceId", "creatorUserId"]) {
      await isRefused(name, (keys) => keys.create({ ...PARAMS, [name]: text }));
    }
    await isRefused("user", (keys) => keys.create({ ...PARAMS, external: { user: text } }));
    await isRefused("apiKey", (keys) => keys.create({ ...PARAMS, external: { ...user, apiKey: "k".repeat(32) + text } }));
    for (const name of ["name", "limitReset", "workspaceId"]) {
      await isRefused(name, (keys) => keys.update(HASH, { [name]: text }));
    }
    await isRefused("workspaceId", (keys) => keys.list({ workspaceId: text }));
    await isRefused("hash", (keys) => keys.get(text));
    await isRefused("hash", (keys) => keys.update(text, { disabled: true }));
    await isRefused("hash", (keys) => keys.delete(text));
  }
});

test("half of a surrogate pair is refused in every string of every option", async () => {
  for (const text of LONE_SURROGATES) {
    const options = {
      baseUrl: `https://gateway.example/${text}`,
      httpReferer: text,
      title: text,
      categories: ["cli", text],
      headers: { "x-team": text },
    };
    for (const [name, value] of Object.entries(options)) {
      isRefusedOption(name, { [name]: value });
      await isRefused(name, (keys) => keys.list({}, { [name]: value }));
    }
    isRefusedOption("headers", { headers: [[text, "value"]] });
    isRefusedOption("apiKey", { apiKey: `sk-or-v1-${text}` });
  }
});

test("a whole surrogate pair, quotes, markup and NUL are sent unchanged", async () => {
  const name = '😀 "x" </script> \u0000 é \u2028';
  const { keys, fetch } = clientOver([created("sk-or-v1-new", { name })]);
  const { data } = await keys.create({ name, limit: 1 });
  assert.equal(fetch.requests[0].json.name, name);
  assert.equal(data.name, name);
});

test("an offset that is not a whole number up to 2^53 - 1 is refused", async () => {
  for (const offset of [2 ** 53, 2 ** 64, 0.5, -1, NaN, Infinity, -Infinity, "10", 10n, null]) {
    await isRefused("offset", (keys) => keys.list({ offset }));
    await isRefused("offset", (keys) => keys.listAll({ offset }).next());
  }
});

test("the largest offset is sent to the digit", async () => {
  const { keys, fetch } = clientOver([listed([])]);
  await keys.list({ offset: Number.MAX_SAFE_INTEGER });
  assert.equal(fetch.requests[0].path, "/api/v1/keys?offset=9007199254740991");
});

test("a create without a limit is refused, with a hint how to request no limit", async () => {
  await isRefused("limit", (keys) => keys.create({ name: "x" }), { says: "null means no limit" });
  await isRefused("limit", (keys) => keys.create({ name: "x", limit: undefined }), { says: "null means no limit" });
});

test("a limit that is not a number of 0 or more is refused", async () => {
  for (const limit of [NaN, Infinity, -Infinity, -0.01, "25", 25n, true, {}, [25]]) {
    await isRefused("limit", (keys) => keys.create({ name: "x", limit }));
    await isRefused("limit", (keys) => keys.update(HASH, { limit }));
  }
});

test("in an update, undefined leaves a field unchanged and null clears it", async () => {
  const { keys, fetch } = clientOver([found(), found()]);
  await keys.update(HASH, { name: undefined, disabled: true, limit: undefined, limitReset: undefined });
  await keys.update(HASH, { limit: null, limitReset: null });
  assert.deepEqual(fetch.requests[0].json, { disabled: true });
  assert.deepEqual(fetch.requests[1].json, { limit: null, limit_reset: null });
});

test("an update that changes nothing is refused", async () => {
  await isRefused("changes", (keys) => keys.update(HASH, {}));
  await isRefused("changes", (keys) => keys.update(HASH, { limit: undefined, name: undefined }));
});

test("an unknown name is refused with a suggestion", async () => {
  const cases = [
    ["limit_reset", "limitReset", (keys) => keys.create({ ...PARAMS, limit_reset: "daily" })],
    ["include_disabled", "includeDisabled", (keys) => keys.list({ include_disabled: true })],
    ["include_byok_in_limit", "includeByokInLimit", (keys) => keys.update(HASH, { include_byok_in_limit: true })],
    ["api_key", "apiKey", (keys) => keys.create({ ...PARAMS, external: { user: "partner", api_key: "k".repeat(32) } })],
    ["timeout_ms", "timeoutMs", (keys) => keys.get(HASH, { timeout_ms: 1 })],
    ["http-referer", "httpReferer", (keys) => keys.get(HASH, { "http-referer": "https://app.example" })],
    ["max_attempts", "maxAttempts", (keys) => keys.delete(HASH, { retry: { max_attempts: 1 } })],
  ];
  for (const [given, meant, call] of cases) await isRefused(given, call, { says: `did you mean ${meant}?` });
  isRefusedOption("api_key", { api_key: "sk-or-v1-other" }, { says: "did you mean apiKey?" });
  isRefusedOption("base_url", { base_url: "https://gateway.example" }, { says: "did you mean baseUrl?" });
});

test("an unknown name that resembles none is refused with the list of names", async () => {
  await isRefused("budget", (keys) => keys.create({ ...PARAMS, budget: 1 }), { says: "expected one of name, limit, limitReset" });
  isRefusedOption("token", { token: "x" }, { says: "apiKey" });
});

test("every operation refuses an unknown call option", async () => {
  for (const call of Object.values(OPERATIONS)) await isRefused("timeout", (keys) => call(keys, { timeout: 1 }));
  await isRefused("timeout", (keys) => keys.listAll({}, { timeout: 1 }).next());
});

test("arguments of the wrong type are refused, even if JavaScript would convert them", async () => {
  const cases = {
    params: [(keys) => keys.create(null), (keys) => keys.create("name"), (keys) => keys.list([]), (keys) => keys.list(5)],
    options: [(keys) => keys.list({}, null), (keys) => keys.list({}, 1000), (keys) => keys.get(HASH, "x")],
    changes: [(keys) => keys.update(HASH, null), (keys) => keys.update(HASH, "disabled")],
    hash: [(keys) => keys.get(), (keys) => keys.get(5), (keys) => keys.delete(null), (keys) => keys.delete([HASH]), (keys) => keys.delete({ toString: () => HASH }), (keys) => keys.get("")],
    name: [(keys) => keys.create(), (keys) => keys.create({ ...PARAMS, name: 5 }), (keys) => keys.create({ ...PARAMS, name: null }), (keys) => keys.create({ limit: 1 }), (keys) => keys.update(HASH, { name: null })],
    disabled: [(keys) => keys.update(HASH, { disabled: "false" }), (keys) => keys.update(HASH, { disabled: 0 })],
    includeDisabled: [(keys) => keys.list({ includeDisabled: "true" })],
    limitReset: [(keys) => keys.create({ ...PARAMS, limitReset: 1 })],
    expiresAt: [(keys) => keys.create({ ...PARAMS, expiresAt: new Date(NaN) }), (keys) => keys.create({ ...PARAMS, expiresAt: 1893456000000 })],
    external: [(keys) => keys.create({ ...PARAMS, external: null }), (keys) => keys.create({ ...PARAMS, external: "partner" })],
    signal: [(keys) => keys.list({}, { signal: {} }), (keys) => keys.list({}, { signal: new AbortController() })],
    headers: [(keys) => keys.list({}, { headers: "x" }), (keys) => keys.list({}, { headers: { "x-a": 5 } }), (keys) => keys.list({}, { headers: [["x-a"]] })],
    timeoutMs: [(keys) => keys.list({}, { timeoutMs: 0 }), (keys) => keys.list({}, { timeoutMs: NaN }), (keys) => keys.list({}, { timeoutMs: "1000" })],
    retry: [(keys) => keys.list({}, { retry: true }), (keys) => keys.list({}, { retry: null })],
  };
  for (const [argument, calls] of Object.entries(cases)) {
    for (const call of calls) await isRefused(argument, call);
  }
});

test("options of the wrong type are refused", () => {
  for (const options of [undefined, null, "sk-or-v1-x", 5, []]) {
    assert.throws(() => new OpenRouterKeys(options), InvalidArgumentError);
  }
  isRefusedOption("apiKey", { apiKey: undefined });
  isRefusedOption("apiKey", { apiKey: 5 });
  isRefusedOption("fetch", { fetch: {} });
  isRefusedOption("clock", { clock: { now: () => 0 } });
  isRefusedOption("maxAttempts", { maxAttempts: 1.5 });
  isRefusedOption("maxAttempts", { maxAttempts: 2, retry: { maxAttempts: 3 } });
  isRefusedOption("baseUrl", { baseUrl: { href: "https://gateway.example" } });
  isRefusedOption("signal", { signal: AbortSignal.abort() });
});

test("a Date is sent as its point in time", async () => {
  const { keys, fetch } = clientOver([created("sk-or-v1-new")]);
  await keys.create({ ...PARAMS, expiresAt: new Date(Date.UTC(2030, 5, 1, 12)) });
  assert.equal(new Date(fetch.requests[0].json.expires_at).getTime(), Date.UTC(2030, 5, 1, 12));
});

test("headers may be an object, pairs, Headers or a Map", async () => {
  const given = { "x-team": "billing" };
  for (const headers of [given, Object.entries(given), new Headers(given), new Map(Object.entries(given))]) {
    const { keys, fetch } = clientOver([listed([])]);
    await keys.list({}, { headers });
    assert.equal(fetch.requests[0].headers["x-team"], "billing");
  }
});

test("no part of a refused API key is in the error", () => {
  for (const apiKey of ["sk-or-v1-canary canary", "sk-or-v1-canary\n", " sk-or-v1-canary", "sk-or-v1-canarý"]) {
    assert.throws(
      () => new OpenRouterKeys({ apiKey }),
      (error) => error instanceof InvalidArgumentError && !everythingShown(error).includes("canar"),
    );
  }
});

test("headers that can be read only once are sent with every call", async () => {
  const once = { entries: () => new Map([["x-team", "billing"]]).entries(), generator: () => (function* () { yield ["x-team", "billing"]; })() };
  for (const [what, headers] of Object.entries(once)) {
    const { keys, fetch } = clientOver([listed([]), listed([]), listed([])], { headers: headers() });
    await keys.list();
    await keys.list();
    assert.deepEqual(fetch.requests.map(({ headers }) => headers["x-team"]), ["billing", "billing"], what);
    const { keys: other, fetch: seen } = clientOver([listed([])]);
    await other.list({}, { headers: headers() });
    assert.equal(seen.requests[0].headers["x-team"], "billing", what);
  }
});

const thrown = new Error("a getter's own");
const trap = () => {
  throw thrown;
};
const trapped = (name, rest) => Object.defineProperty({ ...rest }, name, { get: trap, enumerable: true });
const revoked = (target) => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};

test("an argument that throws when read is refused, with what it threw as the cause", async () => {
  const traps = new Proxy({}, { get: trap, ownKeys: trap, getPrototypeOf: trap });
  for (const [argument, call] of [
    ["name", (keys) => keys.create(trapped("name", PARAMS))],
    ["params", (keys) => keys.create(trapped("nmae", PARAMS))],
    ["user", (keys) => keys.create({ ...PARAMS, external: trapped("user") })],
    ["expiresAt", (keys) => keys.create({ ...PARAMS, expiresAt: traps })],
    ["params", (keys) => keys.create(traps)],
    ["changes", (keys) => keys.update(HASH, traps)],
    ["offset", (keys) => keys.list(trapped("offset"))],
    ["offset", (keys) => keys.listAll(trapped("offset")).next()],
    ["timeoutMs", (keys) => keys.list({}, trapped("timeoutMs"))],
    ["maxAttempts", (keys) => keys.list({}, { retry: trapped("maxAttempts") })],
    ["categories", (keys) => keys.list({}, { categories: Object.defineProperty(["cli"], 0, { get: trap }) })],
    ["headers", (keys) => keys.list({}, { headers: trapped("x-a") })],
    ["headers", (keys) => keys.list({}, { headers: { [Symbol.iterator]: trap } })],
    ["signal", (keys) => keys.list({}, trapped("signal"))],
    ["signal", (keys) => keys.list({}, { signal: trapped("aborted", { addEventListener() {}, removeEventListener() {} }) })],
    ["signal", (keys) => keys.list({}, { signal: { aborted: false, addEventListener: trap, removeEventListener() {} } })],
    ["signal", (keys) => keys.listAll({}, { signal: { aborted: false, addEventListener: trap, removeEventListener() {} } }).next()],
  ]) {
    const error = await isRefused(argument, call, { says: "cannot be read" });
    assert.equal(error.cause, thrown);
  }
  for (const given of [revoked({}), revoked([])]) {
    await isRefused("params", (keys) => keys.create(given), { says: "cannot be read" });
    await isRefused("name", (keys) => keys.create({ name: given, limit: 1 }), { says: "cannot be read" });
  }
});

test("an option that throws when read is refused, with what it threw as the cause", () => {
  for (const [argument, options] of [
    ["options", new Proxy({}, { get: trap, ownKeys: trap })],
    ["apiKey", trapped("apiKey")],
    ["clock", { apiKey: API_KEY, clock: trapped("now") }],
    ["maxAttempts", { apiKey: API_KEY, retry: trapped("maxAttempts") }],
    ["jitter", { apiKey: API_KEY, maxAttempts: 2, retry: trapped("jitter") }],
  ]) {
    assert.throws(
      () => new OpenRouterKeys(options),
      (error) => error instanceof InvalidArgumentError && error.argument === argument && error.cause === thrown,
      argument,
    );
  }
});

test("a signal whose reason cannot be read still ends its call", async () => {
  const { keys } = clientOver([]);
  const signal = trapped("reason", { aborted: true, addEventListener() {}, removeEventListener() {} });
  const error = await failureOf(keys.create(PARAMS, { signal }));
  assert.equal(error.code, "aborted");
  assert.equal(error.cause, thrown);
});

test("a string of 1,000,000 characters is accepted, and a longer one is refused", async () => {
  const longest = "x".repeat(1_000_000);
  const tooLong = longest + "x";
  const says = "not one of 1000001 characters";
  await isRefused("name", (keys) => keys.create({ name: tooLong, limit: 1 }), { says });
  await isRefused("apiKey", (keys) => keys.create({ ...PARAMS, external: { user: "partner", apiKey: tooLong } }), { says });
  await isRefused("hash", (keys) => keys.get(tooLong), { says });
  await isRefused("title", (keys) => keys.list({}, { title: tooLong }), { says });
  await isRefused("headers", (keys) => keys.list({}, { headers: { "x-a": tooLong } }));
  isRefusedOption("apiKey", { apiKey: tooLong }, { says });
  const { keys, fetch } = clientOver([created("sk-or-v1-new")]);
  await keys.create({ name: longest, limit: 1 });
  assert.equal(fetch.requests[0].json.name, longest);
});

test("a time too long to represent never ends, like Infinity", async () => {
  for (const ms of [2 ** 53, 1e18, 1e22, 1e23, 1e300, Number.MAX_VALUE, Infinity]) {
    const later = apiError(429, "slow down", { headers: { "retry-after": "90" } });
    const times = { timeoutMs: ms, attemptTimeoutMs: ms, idleTimeoutMs: ms };
    const retry = { initialIntervalMs: 0, throttledIntervalMs: 0, maxIntervalMs: ms, maxRetryAfterMs: ms };
    const { keys, fetch } = clientOver([later, created("sk-or-v1-new")], { ...times, retry });
    assert.equal((await keys.create(PARAMS)).key, "sk-or-v1-new", String(ms));
    assert.equal(fetch.requests.length, 2);
  }
});

test("categories from another realm are accepted, and none may be missing", async () => {
  const { keys, fetch } = clientOver([listed([])], { categories: runInNewContext("['cli', 'chat']") });
  await keys.list();
  assert.equal(fetch.requests[0].headers["x-openrouter-categories"], "cli,chat");
  isRefusedOption("categories", { categories: ["cli", , "chat"] });
});
