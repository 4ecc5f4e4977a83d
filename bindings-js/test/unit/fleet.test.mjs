// Rotating from several machines that share a store, without a network.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import { entryBefore, memoryStore, NotStored, objectStore, runFleet, s3Store, storedRotation } from "../../npm/fleet.js";
import { current, virtualClock } from "../../npm/testing.js";
import { account } from "./account.mjs";
import { API_KEY, clientOver, failureOf } from "./harness.mjs";

const NO_TIME = { graceMs: 0, quietMs: 0, watchMs: 0 };
const DAY_MS = 86_400_000;

/** A vault with a fence, by the keys' names. */
function vault() {
  const secrets = new Map();
  const put = (secret, { name, hash, replaces, fence }) => {
    const has = secrets.get(name);
    if (has && (has.replaces === replaces ? fence < has.fence : replaces !== has.hash)) throw new NotStored("a newer secret is stored");
    secrets.set(name, { secret, hash, replaces, fence });
  };
  return { secrets, sink: { put, wasPut: (key) => secrets.get(key.name)?.hash === key.hash } };
}

/** One pass of a machine, whose store and sink may be cut off. */
function pass(server, { store, sink, clock, ...options }) {
  const { keys: client } = clientOver(server.respond, { clock });
  return runFleet({ client, store, openSink: () => sink, sink: "vault", settings: NO_TIME, clock, ...options });
}

/** Each key exists once, under its name, and the vault has its secret. */
function isRotated(server, secrets, names) {
  const live = [...server.keys.values()].map(({ name, hash }) => [name, hash]).sort();
  assert.deepEqual(live.map(([name]) => name), [...names].sort());
  for (const [name, hash] of live) assert.equal(server.holder(secrets.get(name).secret).hash, hash);
}

const outcomes = ({ rows }) => rows.map(({ outcome }) => outcome);

test("two machines rotate each key once, and share its log", async () => {
  const names = ["a", "b", "c", "d", "e", "f", "g"];
  const server = account(names);
  const { secrets, sink } = vault();
  const [store, clock] = [memoryStore(), virtualClock()];
  const rule = { olderThanMs: DAY_MS };
  clock.date = () => Date.UTC(2030, 2, 1) + clock.now();
  const old = [...server.keys.keys()];
  const reports = await Promise.all([0, 1].map((index) => pass(server, { store, sink, clock, rule, inFlight: 3, shard: { index, of: 2 } })));
  assert.deepEqual(outcomes({ rows: reports.flatMap(({ rows }) => rows) }), names.map(() => "done"));
  assert.deepEqual(reports.flatMap(({ rows }) => rows.map((row) => row.old)).sort(), old.sort());
  isRotated(server, secrets, names);
  assert.equal(server.requests.filter((line) => line.startsWith("POST")).length, names.length);
  // The new keys are too young for the same rule, and the log of an old one is complete.
  server.keys.forEach((key) => Object.assign(key, { created_at: "2030-03-01T00:00:00Z" }));
  assert.deepEqual((await pass(server, { store, sink, clock, rule })).rows, []);

  const log = await store.entries(old[0]);
  assert.deepEqual(log.map(({ sequence }) => sequence), log.map((_, at) => at + 1));
  assert.equal(log.at(-1).rotation.step, "done");
  assert.doesNotMatch(JSON.stringify(log), /sk-or-v1-(new|old)-(?!.*\.\.\.)/);
});

/** A store and a sink that are gone after so many calls, as for a machine that was killed. */
function dying(store, sink, calls) {
  let left = calls;
  const wrapped = (object) =>
    Object.fromEntries(
      Object.entries(object).map(([name, call]) => [
        name,
        async (...args) => {
          if (left-- <= 0) throw new Error("killed");
          const result = await call(...args);
          // The call took effect, and nobody has its result.
          if (left === 0) throw new Error("killed");
          return result;
        },
      ]),
    );
  return { store: wrapped(store), sink: wrapped(sink), isDead: () => left <= 0 };
}

test("whenever a machine is killed, another one continues after the lease", async () => {
  for (let calls = 2; ; calls++) {
    const server = account(["a"]);
    const { secrets, sink } = vault();
    const [store, clock] = [memoryStore(), virtualClock()];
    const keys = [...server.keys.keys()];
    const first = dying(store, sink, calls);
    // A dead machine sends nothing either.
    const respond = (request) => (first.isDead() ? Promise.reject(new TypeError("killed")) : server.respond(request));
    await pass({ respond }, { ...first, clock, keys }).catch(() => {});
    assert.ok(server.holder("sk-or-v1-old-of-a")?.disabled === false || secrets.has("a"), "a working key is where it is used");
    const began = clock.now();
    const report = await pass(server, { store, sink, clock, keys });
    assert.deepEqual(outcomes(report), ["done"], `killed after ${calls} calls`);
    isRotated(server, secrets, ["a"]);
    if (!first.isDead()) break;
    assert.ok(calls < 100);
    const newest = (await store.entries(keys[0])).find(({ owner }) => owner !== "");
    if (newest && clock.now() > began) assert.ok(clock.now() - began >= 240_000);
  }
});

test("another machine's rotation is left alone until its lease has ended", async () => {
  const server = account(["a"]);
  const { sink } = vault();
  const [store, clock] = [memoryStore(), virtualClock()];
  const [old] = server.keys.keys();
  const newest = { sequence: 0, owner: "", leaseMs: 0, rotation: { old, step: "begun", ...NO_TIME } };
  const stored = await storedRotation({ store, sink, newest, owner: "Rust", leaseMs: 180_000 });
  const busy = await pass(server, { store, sink, clock, patienceMs: 60_000 });
  assert.deepEqual([busy.rows, busy.isOpen], [[{ old, outcome: "busy", owner: "Rust" }], true]);
  // It lives: the log grows while this machine waits.
  clock.setTimeout(() => stored.claim(), 100_000);
  assert.deepEqual(outcomes(await pass(server, { store, sink, clock })), ["busy"]);
  assert.deepEqual(server.requests, ["GET own key", "GET own key"]);
  // It is dead: nothing happens for the lease and the timeout of a call.
  const began = clock.now();
  assert.deepEqual(outcomes(await pass(server, { store, sink, clock })), ["done"]);
  assert.ok(clock.now() - began >= 240_000);
  const late = await failureOf(stored.claim());
  assert.match(`${late.name} ${late.message}`, /^Stop another program has continued it: /);
  assert.doesNotMatch(inspect(stored, { showHidden: true, depth: 9 }), /sink|wasPut/);
});

test("a long pause is left to a later pass, and other machines need not wait for it", async () => {
  const server = account(["a"]);
  const { secrets, sink } = vault();
  const [store, clock] = [memoryStore(), virtualClock()];
  const settings = { graceMs: 3_600_000, quietMs: 0, watchMs: 0 };
  const keys = [...server.keys.keys()];
  const options = { store, sink, clock, keys, settings, longestPauseMs: 1000 };
  const [waiting] = (await pass(server, options)).rows;
  assert.deepEqual(waiting, { old: keys[0], outcome: "waiting", leftMs: 3_600_000 });
  const began = clock.now();
  assert.deepEqual(outcomes(await pass(server, options)), ["waiting"]);
  assert.ok(clock.now() - began < 1000);
  await clock.advance(3_600_000);
  assert.deepEqual(outcomes(await pass(server, options)), ["done"]);
  isRotated(server, secrets, ["a"]);
});

test("a store of another account, or an inference key, is refused before anything is changed", async () => {
  const [server, other] = [account(["a"]), account(["a"], ({ path }) => path.endsWith("/key") && current({ organization_id: "org_2" }))];
  const [store, clock] = [memoryStore(), virtualClock()];
  const options = { store, sink: vault().sink, clock, keys: [...server.keys.keys()] };
  await pass(server, { ...options, keys: [] });
  const refusal = await failureOf(pass(other, options));
  assert.match(refusal.message, /those of the account org_1 at https:\/\/openrouter\.ai\/api\/v1, and the management key is of org_2 at/);
  const inference = account(["a"], ({ path }) => path.endsWith("/key") && current({ is_management_key: false }));
  assert.equal((await failureOf(pass(inference, options))).name, "WrongKeyKindError");
  assert.deepEqual([other.requests, inference.requests], [["GET own key"], ["GET own key"]]);
  assert.equal((await store.list()).size, 0);
});

test("other open rotations can be left alone", async () => {
  const server = account(["a", "b"]);
  const [store, clock] = [memoryStore(), virtualClock()];
  const keys = [...server.keys.keys()].sort();
  const options = { store, sink: vault().sink, clock, longestPauseMs: 0, settings: { graceMs: 1 } };
  assert.deepEqual(outcomes(await pass(server, { ...options, keys })), ["waiting", "waiting"]);
  const { rows } = await pass(server, { ...options, onlyKeys: [keys[1]] });
  assert.deepEqual(rows.map(({ old }) => old), [keys[1]]);
});

test("what a sink or a store throws is in the report, and other rotations go on", async () => {
  const server = account(["a", "b"]);
  const { secrets, sink } = vault();
  const [store, clock] = [memoryStore(), virtualClock()];
  const [old, other] = server.keys.keys();
  const full = new Error("the vault is full");
  const check = ({ replaces }) => (replaces === old ? Promise.reject(full) : undefined);
  const report = await pass(server, { store, sink: { ...sink, check }, clock, keys: [old, other] });
  assert.deepEqual(outcomes(report), ["failed", "done"]);
  assert.deepEqual([report.rows[0].error.cause, report.rows[0].error.effect], [full, "nothing"]);
  assert.equal(secrets.size, 1);
  const damaged = { ...store, load: () => Promise.reject(full) };
  const [row] = (await pass(server, { store: damaged, sink, clock })).rows;
  assert.deepEqual([row.outcome, row.cause], ["unreachable", full]);
  // The rotation is complete, but its log cannot be closed.
  const unmarked = { ...store, finish: () => Promise.reject(full) };
  const [open] = (await pass(server, { store: unmarked, sink, clock })).rows;
  assert.deepEqual([open.outcome, open.cause], ["unreachable", full]);
  assert.deepEqual(outcomes(await pass(server, { store, sink, clock })), ["done"]);
});

test("a key that appears after its rotation was done is deleted by a later pass", async () => {
  const server = account(["a"]);
  const { secrets, sink } = vault();
  const [store, clock] = [memoryStore(), virtualClock()];
  const keys = [...server.keys.keys()];
  // A create whose response is lost, and that takes effect much later.
  let lost;
  const respond = (request) => {
    if (request.method !== "POST" || lost) return server.respond(request);
    lost = request.json;
    return { rejects: new TypeError("fetch failed") };
  };
  const [row] = (await pass({ respond }, { store, sink, clock, keys })).rows;
  assert.deepEqual([row.outcome, row.unconfirmed], ["done", [lost.name]]);
  server.add("sk-or-v1-late", lost);
  const { swept, rows } = await pass(server, { store, sink, clock });
  assert.deepEqual([swept, rows], [[lost.name], []]);
  isRotated(server, secrets, ["a"]);
  await clock.advance(DAY_MS + 60_000);
  assert.deepEqual((await store.list()).get(keys[0]), { isDone: true, isLate: true });
  await pass(server, { store, sink, clock });
  assert.deepEqual((await store.list()).get(keys[0]), { isDone: true, isLate: false });
});

test("an entry counts as appended only if the store has it", async () => {
  const entry = { sequence: 1, owner: "x", leaseMs: 1, rotation: { old: "a", step: "begun" } };
  const other = JSON.stringify({ ...entry, owner: "y" });
  for (const [isNew, written, then] of [
    [true, JSON.stringify(entry), true],
    [true, other, false],
    [false, other, false],
    // The store's client has repeated a write whose response was lost.
    [false, JSON.stringify(entry), true],
    [true, undefined, /the store confirmed .* and does not have it/],
    [false, undefined, /the store refused .* and does not have it/],
  ]) {
    const store = objectStore({ create: async () => isNew, get: async () => written });
    const appended = await store.append(entry).catch(({ message }) => message);
    if (then instanceof RegExp) assert.match(appended, then);
    else assert.equal(appended, then);
  }
});

test("a damaged entry is neither taken over nor changed", async () => {
  const all = new Map();
  const objects = { get: async (name) => all.get(name), list: async () => [...all.keys()] };
  const store = objectStore(objects);
  const entry = { sequence: 1, owner: "x", leaseMs: 1, rotation: { old: "a", step: "begun" } };
  for (const [text, problem] of [
    ["{", /is not JSON/],
    [JSON.stringify({ ...entry, leaseMs: "1" }), /no owner or no lease/],
    [JSON.stringify({ ...entry, sequence: 2 }), /has the number 2/],
    [JSON.stringify({ ...entry, rotation: undefined }), /has no rotation/],
  ]) {
    all.set("rotations/a/0000000001.json", text);
    assert.match((await failureOf(store.load("a"))).message, problem);
  }
  for (const hash of ["..", "a/b", "", "sk-or-v1-a-key"]) {
    const error = await failureOf(store.load(hash));
    assert.ok(error instanceof TypeError && !(hash && error.message.includes(hash)), hash);
  }
  assert.throws(() => objectStore(objects, "a/../b"), TypeError);
  for (const bucket of ["https://me:hunter2@s3.example/b", "https://s3.example/b?key=hunter2", "s3.example/hunter2"]) {
    assert.throws(() => s3Store({ bucket, fetch }), ({ name, message }) => name === "TypeError" && !message.includes("hunter2"));
  }
  for (const terms of [{ owner: "", leaseMs: 1 }, { owner: "x", leaseMs: 0.5 }]) {
    await assert.rejects(storedRotation({ store, sink: {}, newest: entryBefore({ old: "a", step: "begun" }), ...terms }), TypeError);
  }
});

test("wrong options are refused before anything is read", async () => {
  const server = account([]);
  const good = { store: memoryStore(), sink: vault().sink, clock: virtualClock() };
  for (const [options, problem] of [
    [{ leaseMs: 60_000 }, /leaseMs must be more than timeoutMs/],
    [{ shard: { index: 2, of: 2 } }, /shard must be/],
    [{ keys: [], rule: { olderThanMs: 1 } }, /exclude each other/],
    [{ keys: [], onlyKeys: [] }, /exclude each other/],
    [{ keys: [API_KEY] }, /keys must be an array of hashes/],
    [{ rule: {} }, /rule must have either olderThanMs or createdBefore/],
    [{ rule: { olderThanMs: 1, createdBefore: new Date(0) } }, /rule must have either/],
    [{ rule: { createdBefore: "2030-01-01" } }, /createdBefore must be an RFC 3339 string/],
    [{ rule: { createdBefore: new Date(Date.UTC(2031, 0, 1)) } }, /createdBefore is still to come/],
    [{ rule: { olderThan: 1 } }, /rule has no "olderThan"/],
    [{ settings: { graceMs: -1 } }, /graceMs must be/],
    // Rust could not read such an entry.
    [{ settings: { graceMs: Infinity } }, /graceMs must be/],
    [{ leaseMs: Infinity }, /leaseMs must be a whole number/],
    [{ leaseMs: 90_000.5 }, /leaseMs must be a whole number/],
    [{ store: {} }, /store must be a store/],
    [{ inFlight: 0 }, /inFlight must be/],
    [{ limit: 1 }, /options has no "limit"/],
  ]) {
    const { message } = await failureOf(pass(server, { ...good, ...options }));
    assert.match(message, problem);
    assert.ok(!message.includes(API_KEY));
  }
  assert.deepEqual(server.requests, []);
  // A promise would select every key.
  const some = account(["a"]);
  const rule = { createdBefore: new Date(Date.UTC(2029, 0, 1)), only: async () => false };
  some.keys.forEach((key) => Object.assign(key, { created_at: "2020-01-01T00:00:00Z" }));
  assert.match((await failureOf(pass(some, { ...good, rule }))).message, /only must return true or false; nothing was changed/);
});
