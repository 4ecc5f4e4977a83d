// The workflows, from JavaScript.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import { AbortError, Created, InvalidArgumentError, SeveralKeysError, TemporaryKey, TooManyPagesError, UnauthorizedError } from "../../npm/index.js";
import { apiError, deleted, found, key, listed, lost, reply } from "../../npm/testing.js";
import { clientOver, everythingShown, failureOf, PARAMS, printed } from "./harness.mjs";

const SECRET = "sk-or-v1-0e6000000000000000000000000001c96";
const OLD = "2020-01-01T00:00:00Z";

/** A server with keys that pages by offset; `react` may reply instead. */
function server(keys, react = () => undefined) {
  const state = { keys: [...keys], creates: [], deleted: [] };
  const response = (request) => {
    const { method, url, body } = request;
    const other = react(request, state);
    if (other) return other;
    const { pathname, searchParams } = new URL(url);
    const hash = pathname.split("/").at(-1);
    if (method === "DELETE") {
      state.deleted.push(hash);
      state.keys = state.keys.filter((one) => one.hash !== hash);
      return deleted();
    }
    if (method === "PATCH") return found({ ...state.keys.find((one) => one.hash === hash), ...JSON.parse(body) });
    if (method === "POST") {
      const made = key({ ...JSON.parse(body), hash: String(state.creates.length + 1).padStart(64, "c"), created_at: OLD });
      state.creates.push(made.name);
      state.keys.unshift(made);
      return reply(201, { key: SECRET, data: made });
    }
    const offset = Number(searchParams.get("offset") ?? 0);
    return listed(state.keys.slice(offset, offset + 100));
  };
  return { ...clientOver(response), state };
}

test("a reconciled create returns the key and its marked name, and prints no secret", async () => {
  const { keys, state } = server([]);
  const done = await keys.createReconciled(PARAMS);
  assert.ok(done.created instanceof Created);
  assert.equal(done.created.key, SECRET);
  assert.match(done.name, /^Customer 42 #[0-9a-f]{32}$/);
  assert.deepEqual(state.creates, [done.name]);
  assert.deepEqual([done.swept, done.unconfirmed], [[], []]);
  for (const text of [inspect(done, { depth: 9, showHidden: true }), JSON.stringify(done), String(done)]) {
    assert.ok(!text.includes(SECRET));
  }
});

test("a lost key is found, deleted and created again, and no other key is touched", async () => {
  let posts = 0;
  const foreign = [key({ hash: "f1", name: PARAMS.name }), key({ hash: "f2", name: `${PARAMS.name} #${"0".repeat(32)}` })];
  const { keys, state, clock } = server(foreign, ({ method, body }, state) => {
    if (method !== "POST" || ++posts > 1) return undefined;
    state.keys.unshift(key({ hash: "10", name: JSON.parse(body).name }));
    return lost();
  });
  const begun = clock.now();
  const done = await keys.createReconciled(PARAMS);
  assert.deepEqual(state.deleted, ["10"]);
  assert.deepEqual(done.swept.map(({ hash }) => hash), ["10"]);
  assert.deepEqual(state.keys.map(({ name }) => name), [done.name, ...foreign.map(({ name }) => name)]);
  assert.ok(clock.now() - begun >= 2000);
});

test("three lost rounds report every name, which sweep accepts", async () => {
  const { keys, state } = server([], ({ method }) => (method === "POST" ? lost() : undefined));
  const error = await failureOf(keys.createReconciled(PARAMS));
  assert.equal(error.operation, "createReconciled");
  assert.ok(error.message.startsWith("createReconciled: "), error.message);
  assert.equal(error.effect, "may_have_created");
  assert.equal(error.isRetryable, false);
  const { name, names } = error.mayHaveCreated;
  assert.equal(names.length, 3);
  assert.equal(name, names[0]);

  state.keys.push(key({ hash: "aa", name: names[1] }), key({ hash: "bb", name: "production" }));
  const swept = await keys.sweep({ names });
  assert.deepEqual(swept.deleted.map(({ hash }) => hash), ["aa"]);
  assert.deepEqual(swept.absent, [names[0], names[2]]);
  assert.deepEqual(swept.failed, []);
});

test("a sweep reports each key that it could not delete, and why", async () => {
  const name = `ci #${"1".repeat(32)}`;
  const { keys } = server([key({ hash: "aa", name })], ({ method }) => (method === "DELETE" ? apiError(401) : undefined));
  const { failed } = await keys.sweep({ names: [name] });
  assert.equal(failed[0].key.hash, "aa");
  assert.ok(failed[0].error instanceof UnauthorizedError);
});

test("names without a marker are refused before anything is sent", async () => {
  const { keys, fetch } = server([]);
  const error = await failureOf(keys.sweep({ names: ["production"] }));
  assert.ok(error instanceof InvalidArgumentError);
  assert.match(error.message, /^sweep: a name to sweep has no marker/);
  assert.ok((await failureOf(keys.sweep(["production"]))) instanceof InvalidArgumentError);
  assert.equal(fetch.requests.length, 0);
});

test("an audit that refuses a share names it", async () => {
  const error = await failureOf(server([]).keys.audit({ nearLimit: 80 }));
  assert.equal(error.argument, "nearLimit");
  assert.equal(error.message, "audit: the share of a limit is not between 0 and 1; write 80 % as 0.8; nothing was created or changed; correct the argument");
});

test("ensure creates a key if there is none, and finds it the next time", async () => {
  const { keys, state } = server([]);
  const first = await keys.ensure(PARAMS);
  assert.equal(first.outcome, "created");
  assert.equal(first.created.key, SECRET);
  assert.equal(first.unsettled, undefined);
  const second = await keys.ensure(PARAMS);
  assert.equal(second.outcome, "existing");
  assert.equal(second.key.hash, first.created.data.hash);
  assert.deepEqual(second.changed, []);
  assert.equal(state.creates.length, 1);
});

test("ensure changes what differs and nothing else", async () => {
  const present = key({ hash: "aa", name: PARAMS.name, limit: 5, limit_reset: "daily", disabled: false, created_at: OLD });
  const { keys, fetch } = server([present]);
  const { key: changed, changed: names } = await keys.ensure({ ...PARAMS, limitReset: null, disabled: true });
  assert.deepEqual(JSON.parse(fetch.requests.at(-1).body), { limit: 25, limit_reset: null, disabled: true });
  assert.deepEqual([...names].sort(), ["disabled", "limit", "limitReset"]);
  assert.equal(changed.limit, 25);
});

test("several keys of one name are an error that lists them, or the newest is used", async () => {
  const old = (hash) => key({ hash, name: PARAMS.name, limit: 25, created_at: `2020-01-0${hash.length}T00:00:00Z` });
  const { keys } = server([old("bbb"), old("a")]);
  const error = await failureOf(keys.ensure(PARAMS));
  assert.ok(error instanceof SeveralKeysError);
  assert.equal(error.code, "several_keys");
  assert.deepEqual(error.keys.map(({ hash }) => hash), ["a", "bbb"]);
  assert.equal((await keys.ensure({ ...PARAMS, onDuplicate: "newest" })).key.hash, "bbb");
});

test("the secret is kept if the check after the create fails, and the reason is reported", async () => {
  let isMade = false;
  const { keys } = server([], ({ method }) => {
    if (isMade && method === "GET") return apiError(401);
    isMade ||= method === "POST";
    return undefined;
  });
  const ensured = await keys.ensure(PARAMS);
  assert.equal(ensured.created.key, SECRET);
  assert.ok(ensured.unsettled instanceof UnauthorizedError);
});

test("a workflow is cancelled by its signal and reports what it left", async () => {
  const controller = new AbortController();
  const { keys, fetch } = server([], ({ method }) => {
    if (method !== "POST") return undefined;
    queueMicrotask(() => controller.abort("enough"));
    return lost();
  });
  const error = await failureOf(keys.createReconciled(PARAMS, { signal: controller.signal }));
  assert.ok(error instanceof AbortError);
  assert.equal(error.cause, "enough");
  assert.equal(error.mayHaveCreated.names.length, 1);
  assert.equal(fetch.requests.length, 1);
});

const TEMPORARY = Object.freeze({ ...PARAMS, lifetimeMs: 3_600_000 });
const ASYNC_DISPOSE = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

test("a temporary key expires by itself, and close deletes it once", async () => {
  const { keys, state, fetch } = server([]);
  const temporary = await keys.temporary(TEMPORARY);
  assert.ok(temporary instanceof TemporaryKey && temporary instanceof Created);
  assert.equal(temporary.key, SECRET);
  assert.match(temporary.name, /^Customer 42 #temp-[0-9a-f]{32}$/);
  assert.equal(temporary.expiresAt, "2030-01-01T01:00:00Z");
  const { name, expires_at } = JSON.parse(fetch.requests[0].body);
  assert.deepEqual([name, expires_at], [temporary.name, temporary.expiresAt]);
  assert.equal(temporary.data.expiresAt, temporary.expiresAt);
  assert.deepEqual([temporary.swept, temporary.unconfirmed], [[], []]);

  const [one, other] = [temporary.close(), temporary.close()];
  assert.equal(await one, undefined);
  await other;
  await temporary.close();
  assert.deepEqual(state.deleted, [temporary.data.hash]);
  assert.equal(fetch.requests.length, 2);
});

test("only its getter shows a temporary key's secret", async () => {
  const { keys } = server([]);
  const temporary = await keys.temporary(TEMPORARY);
  assert.ok(!(everythingShown(temporary) + printed(temporary)).includes(SECRET));
  assert.ok(!Object.keys(temporary).includes("key"));
});

test("a temporary key is closed by the symbol, and by await using if the runtime has it", async () => {
  const { keys, state } = server([]);
  const temporary = await keys.temporary(TEMPORARY);
  assert.equal(await temporary[ASYNC_DISPOSE](), undefined);
  assert.deepEqual(state.keys, []);

  const AsyncFunction = (async () => {}).constructor;
  let job;
  try {
    job = new AsyncFunction("keys", "params", "await using temporary = await keys.temporary(params); throw new Error(temporary.name)");
  } catch {
    return;
  }
  assert.match((await failureOf(job(keys, TEMPORARY))).message, /#temp-/);
  assert.deepEqual([state.keys, state.creates.length], [[], 2]);
});

test("a close that fails reports what is left, and can be repeated", async () => {
  let isDown = true;
  const { keys, state } = server([], ({ method }) => (isDown && method === "DELETE" ? apiError(401) : undefined));
  const temporary = await keys.temporary(TEMPORARY);
  const error = await failureOf(temporary.close());
  assert.ok(error instanceof UnauthorizedError);
  assert.equal(error.operation, "closeTemporary");
  assert.deepEqual([error.mayHaveCreated.name, error.mayHaveCreated.hash], [temporary.name, temporary.data.hash]);
  isDown = false;
  await temporary.close();
  assert.deepEqual(state.keys, []);
});

test("a temporary key without a hash is closed by its name, in its workspace", async () => {
  const workspaceId = "0df9e665-d932-5740-b2c7-b52af166bc11";
  let name;
  const foreign = key({ hash: "f1", name: PARAMS.name });
  const { keys, state, fetch } = server([foreign], ({ method, body }, state) => {
    if (method !== "POST") return undefined;
    ({ name } = JSON.parse(body));
    state.keys.unshift(key({ hash: "10", name }));
    return reply(201, { key: SECRET, data: { hash: 7 } });
  });
  const temporary = await keys.temporary({ ...TEMPORARY, workspaceId });
  assert.deepEqual(temporary.data.unexpected, { hash: 7 });
  await temporary.close();
  assert.deepEqual([state.deleted, state.keys], [["10"], [foreign]]);
  const looked = fetch.requests.find(({ method }) => method === "GET");
  assert.equal(new URL(looked.url).searchParams.get("workspace_id"), workspaceId);
});

test("a temporary key that is already gone counts as closed", async () => {
  const { keys } = server([], ({ method }) => (method === "DELETE" ? apiError(404) : undefined));
  await (await keys.temporary(TEMPORARY)).close();
});

test("a close uses the options of the temporary call, without its signal, or its own", async () => {
  const { keys, fetch } = server([]);
  const controller = new AbortController();
  // An iterator can be read only once.
  const headers = new Map([["x-job", "7"]]).entries();
  const temporary = await keys.temporary(TEMPORARY, { headers, signal: controller.signal });
  controller.abort();
  await temporary.close();
  const sent = (request) => new Headers(request.headers).get("x-job");
  assert.deepEqual(fetch.requests.map(sent), ["7", "7"]);

  const other = await keys.temporary(TEMPORARY, { headers: { "x-job": "8" } });
  assert.ok((await failureOf(other.close({ timeout: 1 }))) instanceof InvalidArgumentError);
  assert.ok((await failureOf(other.close({ signal: AbortSignal.abort() }))) instanceof AbortError);
  await other.close({ headers: { "x-job": "9" } });
  assert.equal(sent(fetch.requests.at(-1)), "9");
});

test("a close after its client was disposed of is refused, and sends nothing", async () => {
  const { keys, fetch } = server([]);
  const temporary = await keys.temporary(TEMPORARY);
  keys.dispose();
  assert.equal((await failureOf(temporary.close())).argument, "client");
  assert.equal((await failureOf(keys.temporary(TEMPORARY))).argument, "client");
  assert.equal(fetch.requests.length, 1);
});

test("a temporary key whose response was lost is deleted and created again", async () => {
  let posts = 0;
  const { keys, state } = server([], ({ method, body }, state) => {
    if (method !== "POST" || ++posts > 1) return undefined;
    state.keys.unshift(key({ hash: "10", name: JSON.parse(body).name }));
    return lost();
  });
  const temporary = await keys.temporary(TEMPORARY);
  assert.deepEqual(temporary.swept.map(({ hash }) => hash), ["10"]);
  await temporary.close();
  assert.deepEqual(state.keys, []);
});

test("a sweep of temporary keys deletes those that have expired and nothing else", async () => {
  const marked = (number) => `ci #temp-${String(number).padStart(32, "0")}`;
  const past = "2029-12-31T23:59:59Z";
  const { keys, state } = server([
    key({ hash: "a1", name: marked(1), expires_at: past }),
    key({ hash: "a2", name: marked(2), expires_at: "2030-01-01T01:00:00Z" }),
    key({ hash: "a3", name: "ci", expires_at: past }),
    key({ hash: "a4", name: `ci #${"0".repeat(32)}`, expires_at: past }),
    key({ hash: "a5", name: marked(5), expires_at: null }),
  ]);
  const { deleted, endless, failed, absent } = await keys.sweep({ temporary: true });
  assert.deepEqual(state.deleted, ["a1"]);
  assert.deepEqual([deleted, endless].map((list) => list.map(({ hash }) => hash)), [["a1"], ["a5"]]);
  assert.deepEqual([failed, absent], [[], []]);
  // By name, even a live temporary key is swept.
  assert.equal((await keys.sweep({ names: [marked(2)] })).deleted[0].hash, "a2");
});

test("an invalid temporary key names its argument", async () => {
  const { keys } = server([]);
  const refusedBy = async (params) => (await failureOf(keys.temporary(params))).argument;
  assert.equal(await refusedBy({ ...TEMPORARY, expiresAt: new Date(0) }), "expiresAt");
  assert.equal(await refusedBy({ ...PARAMS, lifetimeMs: Number.MAX_VALUE }), "lifetimeMs");
  const clock = { now: () => 0, date: () => NaN, setTimeout, clearTimeout };
  const { keys: timeless, fetch } = clientOver([], { clock });
  const error = await failureOf(timeless.temporary(TEMPORARY));
  assert.match(error.message, /^temporary: a temporary key's expiry needs a clock, and the transport has none/);
  assert.equal(fetch.requests.length, 0);
});

test("arguments of workflows are checked by name and type", async () => {
  const { keys, fetch } = server([]);
  for (const call of [
    () => keys.createReconciled({ name: "ci" }),
    () => keys.createReconciled({ name: "", limit: 1 }),
    () => keys.createReconciled({ name: "ci", limit: 1, expiresAt: "tomorrow" }),
    () => keys.ensure({ ...PARAMS, onDuplicate: "oldest" }),
    () => keys.ensure({ ...PARAMS, settleMs: -1 }),
    () => keys.ensure({ ...PARAMS, expiresAt: "tomorrow" }),
    () => keys.ensure(PARAMS, { onProgress() {} }),
    () => keys.sweep({ names: "ci" }),
    () => keys.sweep({ names: [], workspaces: [] }),
    () => keys.sweep({}),
    () => keys.sweep({ temporary: false }),
    () => keys.sweep({ temporary: 1 }),
    () => keys.sweep({ names: [], temporary: true }),
    () => keys.sweep({ names: [], temporary: false }),
    () => keys.temporary(PARAMS),
    () => keys.temporary({ ...PARAMS, lifetimeMs: 0 }),
    () => keys.temporary({ ...PARAMS, lifetimeMs: "1h" }),
    () => keys.temporary({ ...PARAMS, lifetimeMs: Infinity }),
    () => keys.temporary({ ...PARAMS, lifetime: 1000 }),
    () => keys.temporary({ ...TEMPORARY, name: "" }),
    () => keys.temporary({ ...TEMPORARY, limit: undefined }),
    () => keys.temporary({ ...TEMPORARY, limti: 1 }),
    () => keys.temporary({ ...TEMPORARY, expiresAt: "2031-01-01T00:00:00Z" }),
    () => keys.temporary({ ...TEMPORARY, expiresAt: "tomorrow" }),
    () => keys.temporary(TEMPORARY, { onProgress() {} }),
    () => keys.temporary(TEMPORARY, { headers: { host: "x" } }),
    () => keys.sweep({ names: [`ci #${"1".repeat(32)}`], workspaceIds: ["no uuid"] }),
    () => keys.audit([]),
    () => keys.audit({ nearLimit: 1.01 }),
    () => keys.audit({ nearLimit: NaN }),
    () => keys.audit({ nearLimit: "0.8" }),
    () => keys.audit({ unusedFor: 90 }),
    () => keys.audit({ unusedForDays: -1 }),
    () => keys.audit({ expiringWithinDays: 1.5 }),
    () => keys.audit({ disabledForDays: null }),
    () => keys.audit({ workspaceIds: ["0df9e665-d932-5740-b2c7-b52af166bc11", "no uuid"] }),
    () => keys.listAll({ prefetch: 1.5 }).next(),
    () => keys.listAll({}, { onProgress: true }).next(),
    () => keys.createReconciled(PARAMS, { headers: { host: "x" } }),
    () => keys.listAll({}, { headers: { host: "x" } }).next(),
  ]) {
    const error = await failureOf(call());
    assert.ok(error instanceof InvalidArgumentError, `${call}: ${error.stack}`);
  }
  assert.equal(fetch.requests.length, 0);
});

/** It has no findings at the virtual clock's time. */
const healthy = (fields) =>
  key({ disabled: false, limit: 10, limit_remaining: 5, updated_at: null, expires_at: null, last_used_at: "2029-12-31T00:00:00Z", ...fields });

test("an audit reports each finding by JavaScript's names, the totals and a table", async () => {
  const { keys, fetch } = server([
    healthy({ hash: "01", name: "healthy" }),
    healthy({ hash: "02", name: "open", limit: null, limit_remaining: null }),
    healthy({ hash: "03", name: "near", limit_remaining: 1 }),
    healthy({ hash: "04", name: "reached", limit_remaining: 0 }),
    healthy({ hash: "05", name: "unused", last_used_at: "2029-10-03T00:00:00Z" }),
    healthy({ hash: "06", name: "never", last_used_at: null, created_at: "2029-01-01T00:00:00Z", usage: 0 }),
    healthy({ hash: "07", name: "soon", expires_at: "2030-01-03T00:00:00Z" }),
    healthy({ hash: "08", name: "expired", expires_at: "2029-12-30T00:00:00Z" }),
    healthy({ hash: "09", name: "off", disabled: true, updated_at: "2029-12-22T00:00:00Z" }),
    healthy({ hash: "0a", name: "off, unknown how long", disabled: true, updated_at: 5 }),
    healthy({ hash: "0b", name: "twice" }),
    healthy({ hash: "0c", name: "twice", limit_remaining: "odd", byok_usage: "odd" }),
  ]);
  const report = await keys.audit();
  assert.equal(report.at, "2030-01-01T00:00:00Z");
  assert.equal(report.unexpectedRows, 0);
  const found = Object.fromEntries(report.keys.map(({ key, findings }) => [key.hash, findings]));
  assert.deepEqual(found, {
    "01": [],
    "02": [{ kind: "no_limit" }],
    "03": [{ kind: "near_limit", share: 0.9 }],
    "04": [{ kind: "limit_reached" }],
    "05": [{ kind: "unused", days: 90 }],
    "06": [{ kind: "never_used", days: 365 }],
    "07": [{ kind: "expires_soon", days: 2 }],
    "08": [{ kind: "expired", days: 2 }],
    "09": [{ kind: "disabled", days: 10 }],
    "0a": [{ kind: "disabled" }],
    "0b": [{ kind: "duplicate_name", keys: 2 }],
    "0c": [
      { kind: "duplicate_name", keys: 2 },
      { kind: "unreadable", fields: ["byokUsage", "limitRemaining"] },
    ],
  });
  const sum = (name) => report.keys.reduce((sum, { key }) => sum + key[name], 0);
  assert.deepEqual(report.spend, { daily: sum("usageDaily"), weekly: sum("usageWeekly"), monthly: sum("usageMonthly"), total: sum("usage") });
  assert.deepEqual(Object.keys(report.byokSpend), ["daily", "weekly", "monthly", "total"]);
  const lines = report.table.split("\n");
  assert.match(lines[0], /^name +label +limit +today +week +month +last used +findings$/);
  assert.match(lines[1], /^open +sk-or-v1-\S+ +none .* no limit$/);
  assert.ok(lines.includes("12 keys, 11 with findings, at 2030-01-01T00:00:00Z"), report.table);
  assert.ok(fetch.requests.every(({ method }) => method === "GET"));
});

test("an audit's thresholds can be set, and rows that are not keys are counted", async () => {
  const ids = ["0df9e665-d932-5740-b2c7-b52af166bc11"];
  const { keys, fetch } = server([
    healthy({ hash: "01", expires_at: "2030-01-03T00:00:00Z" }),
    healthy({ hash: "02", name: "off", disabled: true, updated_at: "2029-12-22T00:00:00Z" }),
    "row",
  ]);
  const report = await keys.audit({ nearLimit: 0.5, unusedForDays: 1, expiringWithinDays: 1, disabledForDays: 11, workspaceIds: ids });
  assert.deepEqual(report.keys.map(({ findings }) => findings.map(({ kind }) => kind)), [["near_limit", "unused"], []]);
  assert.equal(report.unexpectedRows, 1);
  assert.equal(new URL(fetch.requests[0].url).searchParams.get("workspace_id"), ids[0]);
});

const MANY = Array.from({ length: 950 }, (_, index) => key({ hash: String(index).padStart(64, "0"), name: `key ${index}` }));

test("pages fetched ahead arrive in order", async () => {
  const { keys, fetch } = server(MANY);
  const names = (await keys.listAll({ prefetch: 4 }).toArray()).map(({ name }) => name);
  assert.deepEqual(names, MANY.map(({ name }) => name));
  assert.ok(fetch.requests.length <= 14, String(fetch.requests.length));
});

test("progress is reported after each page, and what onProgress throws ends the listing", async () => {
  const reports = [];
  const { keys } = server(MANY.slice(0, 250));
  await keys.listAll({}, { onProgress: (progress) => reports.push(progress) }).toArray();
  assert.deepEqual(reports.at(-1), { requests: 4, pages: 4, keys: 250 });
  assert.equal(reports.length, 4);
  const thrown = new Error("the caller's own");
  const onProgress = () => {
    throw thrown;
  };
  assert.equal(await failureOf(keys.listAll({}, { onProgress }).toArray()), thrown);
});

test("a listing sends no more requests than allowed", async () => {
  const { keys, fetch } = server(MANY);
  const error = await failureOf(keys.listAll({ maxRequests: 3 }).toArray());
  assert.ok(error instanceof TooManyPagesError);
  assert.deepEqual([error.code, error.requests, fetch.requests.length], ["too_many_pages", 3, 3]);
});

/** A server with an endless list, whose rows have nothing to recognize them by. */
const endless = ({ url }) => {
  const { pathname, searchParams } = new URL(url);
  if (pathname.endsWith("/key")) return apiError(401);
  const from = Number(searchParams.get("offset") ?? 0);
  return listed(Array.from({ length: 100 }, (_, row) => ({ n: from + row })));
};

test("no workflow follows an endless list", async () => {
  for (const call of [
    (keys, maxRequests) => keys.audit({ maxRequests }),
    (keys, maxRequests) => keys.sweep({ temporary: true, maxRequests }),
    (keys, maxRequests) => keys.ensure({ ...PARAMS, maxRequests }),
    (keys, maxRequests) => keys.findBySecret({ secret: SECRET, maxRequests }),
  ]) {
    const { keys, fetch } = clientOver(endless);
    const error = await failureOf(call(keys, 5));
    assert.ok(error instanceof TooManyPagesError, `${call}: ${error.stack}`);
    assert.equal(error.requests, 5);
    assert.equal(fetch.requests.filter(({ path }) => path.includes("/keys")).length, 5, String(call));
  }
  for (const call of [
    (keys) => keys.createReconciled({ ...PARAMS, maxRequests: 2 }),
    (keys) => keys.temporary({ ...PARAMS, lifetimeMs: 1000, maxRequests: 2 }),
  ]) {
    const { keys, fetch } = clientOver((request) => (request.method === "POST" ? lost() : endless(request)));
    const error = await failureOf(call(keys));
    assert.equal(error.mayHaveCreated.names.length, 3);
    // Three lookups in each of three rounds.
    assert.equal(fetch.requests.filter(({ method }) => method === "GET").length, 18);
  }
});

test("a server that filters its pages loses no key", async () => {
  const passes = MANY.slice(0, 437).filter((_, index) => index % 17 === 0);
  const filtered = ({ url }) => {
    const from = Number(new URL(url).searchParams.get("offset") ?? 0);
    return listed(MANY.slice(0, 437).slice(from, from + 100).filter((one) => passes.includes(one)));
  };
  assert.equal((await clientOver(filtered).keys.listAll().toArray()).length, passes.length);
  for (const short of [{ stopAtShortPage: true }, { exhaustive: false }]) {
    const { keys, fetch } = clientOver(filtered);
    assert.equal((await keys.listAll(short).toArray()).length, 6);
    assert.equal(fetch.requests.length, 1);
  }
});

test("a short page in a script needs no second one", async () => {
  const { keys, fetch } = clientOver([listed(MANY.slice(0, 2)), deleted()]);
  assert.equal((await keys.listAll().toArray()).length, 2);
  await keys.delete(MANY[0].hash);
  fetch.assertDone();
});

test("a missing hash does not claim that nothing was created", async () => {
  const { keys } = clientOver([reply(201, { key: SECRET, data: { name: "ci" } })]);
  const created = await keys.create(PARAMS);
  for (const call of [() => keys.get(created.data.hash), () => keys.delete(created.data.hash), () => keys.update(created.data.hash, { name: "x" })]) {
    const error = await failureOf(call());
    assert.ok(error instanceof InvalidArgumentError && error.argument === "hash");
    assert.ok(!/nothing was/.test(error.message), error.message);
    assert.match(error.message, /hash is missing: .*list the keys and find this one by its name; this call sent nothing/);
  }
});

test("an audit reports a key that has spent and has no recorded use", async () => {
  const stale = healthy({ last_used_at: null, usage: 3, created_at: OLD });
  const { keys } = server([stale]);
  const report = await keys.audit();
  const unused = report.keys[0].findings.find(({ kind }) => kind === "unused");
  // From the end of 2025 to the virtual clock's 2030.
  assert.deepEqual(unused, { kind: "unused", days: 1462 });
  assert.match(report.table, /before 2026/);
});

test("workspaces are listed in turn", async () => {
  const ids = ["0df9e665-d932-5740-b2c7-b52af166bc11", "11111111-d932-5740-b2c7-b52af166bc11"];
  const { keys, fetch } = server(MANY.slice(0, 2));
  assert.equal((await keys.listAll({ workspaceIds: ids, exhaustive: true }).toArray()).length, 2);
  const asked = fetch.requests.map(({ url }) => new URL(url).searchParams.get("workspace_id"));
  assert.deepEqual([...new Set(asked)], ids);
});
