// The decisions that Rust and JavaScript machines share: `tests/vectors/fleet`, which
// `fleet/src/vectors/` reads too.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Stop, toDate } from "../../npm/index.js";
import { Delivery, entryBefore, memoryStore, NotStored, objectStore, releasedEntry, runFleet, storedRotation, takeoverAfterMs } from "../../npm/fleet.js";
import { isInShard } from "../../npm/fleet/rule.js";
import { apiError, current, key, listed, virtualClock } from "../../npm/testing.js";
import { clientOver } from "./harness.mjs";

const read = (url) => JSON.parse(readFileSync(new URL(url, import.meta.url), "utf8"));
const VECTORS = read("../../../tests/vectors/fleet/logs.json");
const ROTATION = { old: "key-1", step: "handing_over", new: "key-2" };

/** The storage behind a store, and all that is in it. */
function recorded(prefix) {
  const all = new Map();
  const store = objectStore(
    {
      get: async (name) => all.get(name),
      create: async (name, text) => !all.has(name) && all.set(name, text) !== undefined,
      put: async (name, text) => all.set(name, text),
      delete: async (name) => all.delete(name),
      list: async (prefix) => [...all.keys()].filter((name) => name.startsWith(prefix)),
    },
    prefix,
  );
  return { store, all };
}

test("objects have the names that Rust gives them", async () => {
  for (const { prefix, hash, sequence, entry, done, account } of VECTORS.names) {
    const { store, all } = recorded(prefix);
    assert.equal(await store.append({ ...entryBefore({ old: hash, step: "begun" }), sequence }), true);
    await store.finish(hash);
    await store.requireAccount({ server: "", owner: "" });
    assert.deepEqual([...all.keys()], [entry, done, account]);
    assert.deepEqual([...(await store.list())], [[hash, { isDone: true, isLate: false }]]);
    assert.equal((await store.load(hash)).sequence, sequence);
  }
});

test("a key is in the shard in which Rust has it", () => {
  for (const { hash, of, index } of VECTORS.shards) {
    assert.deepEqual([isInShard({ index, of }, hash), isInShard({ index: (index + 1) % of, of }, hash)], [true, of === 1], `${hash} of ${of}`);
  }
});

test("entries have the text that Rust writes", async () => {
  for (const { name, text, released, timeout_ms, takeover_after_ms, delivery } of VECTORS.entries) {
    const { store, all } = recorded("");
    const entry = JSON.parse(text);
    await store.append(entry);
    const read = await store.load(entry.rotation.old);
    await store.append(releasedEntry(read));
    assert.deepEqual([...all.values()], [text, released], name);
    assert.equal(takeoverAfterMs(read, timeout_ms), takeover_after_ms, name);
    const { name: keyName, hash, label = null, replaces, oldLabel: old_label = null, fence } = new Delivery(read);
    assert.deepEqual({ name: keyName, hash, label, replaces, old_label, fence }, delivery, name);
  }
});

/** A store that responds as a vector says, after it has taken this many entries. */
function scripted({ append, newest }, taken = 0) {
  const respond = async (response) => {
    if (response === "fails") throw new Error("the store failed");
    return response;
  };
  return {
    append: ({ sequence }) => respond(sequence < 5 + taken || append),
    load: () => respond(newest?.sequence ? { ...entryBefore(ROTATION), ...newest, sequence: newest.sequence + taken } : (newest ?? undefined)),
  };
}

const claimed = (store, sink) => storedRotation({ store, sink, newest: { ...entryBefore(ROTATION), sequence: 4 }, owner: "own", leaseMs: 1000 });

test("an entry counts as appended, lost or unknown as in Rust", async () => {
  for (const { name, then, ...script } of VECTORS.appends) {
    const claim = claimed(scripted(script)).then((stored) => (stored ? "appended" : "other"));
    assert.equal(await outcomeOf(claim), then, name);
    // Once it is claimed, either ends the rotation where it stands.
    const stored = await claimed(scripted(script, 1));
    assert.equal((await outcomeOf(stored.save(ROTATION))) ?? "appended", then === "appended" ? then : "stops", name);
  }
});

/** A sink that responds as a vector says. */
function sinkOf({ put, was_put }) {
  return {
    put() {
      if (put === "not_stored") throw new NotStored("refused");
      if (put === "unknown") throw new Error("the connection broke");
    },
    wasPut() {
      assert.notEqual(was_put, "not asked");
      if (was_put === "fails") throw new Error("the connection broke");
      return was_put ?? undefined;
    },
  };
}

const outcomeOf = async (promise) => promise.catch((error) => (error instanceof Stop ? "stops" : "fails"));

test("a secret counts as stored, not stored or unknown as in Rust", async () => {
  for (const { then, ...script } of VECTORS.puts) {
    const stored = await claimed(scripted({ append: true }), sinkOf(script));
    assert.equal((await outcomeOf(stored.handOver({ key: "sk-or-v1-new" }))) ?? "kept", then, JSON.stringify(script));
  }
  for (const { then, ...script } of VECTORS.resumes) {
    const stored = await claimed(scripted({ append: true }), sinkOf(script));
    assert.equal(await outcomeOf(stored.wasHandedOver(ROTATION)), then, JSON.stringify(script));
  }
});

const MANAGEMENT = { is_management_key: true };

test("a rule selects the keys that Rust selects", async () => {
  for (const { now, older_than_ms: olderThanMs, created_before: createdBefore, name_prefix: namePrefix, only_limit, keys: vectors } of VECTORS.rules) {
    const keys = vectors.map(({ key: fields }) => key({ name: undefined, created_at: undefined, ...fields }));
    const { keys: client } = clientOver([current(MANAGEMENT), listed(keys)]);
    const clock = { now: () => 0, date: () => toDate(now).getTime(), setTimeout };
    const openSink = () => Promise.reject(new Error("nothing is rotated here"));
    const only = only_limit === undefined ? undefined : ({ limit }) => limit === only_limit;
    const { rows } = await runFleet({ client, store: memoryStore(), openSink, rule: { olderThanMs, createdBefore, namePrefix, only }, clock });
    const selected = vectors.flatMap(({ is_selected }, at) => (is_selected ? [keys[at].hash] : []));
    assert.deepEqual(rows.map(({ old }) => old), selected.sort());
  }
});

test("a store belongs to the account that Rust reads", async () => {
  for (const { name, base_url: baseUrl, current: fields, stored, text, then } of VECTORS.accounts) {
    const { store, all } = recorded("");
    if (stored !== undefined) all.set("rotations/account.json", stored);
    const metadata = { organization_id: undefined, creator_user_id: undefined, label: undefined, ...fields, ...MANAGEMENT };
    const { keys: client } = clientOver([current(metadata)], { baseUrl });
    const pass = await runFleet({ client, store, openSink: () => assert.fail() }).then(
      () => "accepted",
      ({ message }) => message,
    );
    assert.ok(pass.includes(then), `${name}: ${pass}`);
    assert.deepEqual([...all.values()], [stored ?? text], name);
  }
});

test("a pass does with a rotation what Rust does", async () => {
  for (const { name, log, is_due, sink, was_put = true, grace_ms: graceMs, meanwhile, missing, then } of VECTORS.passes) {
    const store = memoryStore();
    for (const entry of log) assert.equal(await store.append(entry), true);
    const clock = virtualClock();
    const respond = ({ path }) => {
      if (path.endsWith("/key")) return current(MANAGEMENT);
      return apiError(missing.some((hash) => path.endsWith(`/${hash}`)) ? 404 : 403);
    };
    const { keys: client } = clientOver(respond, { clock });
    if (meanwhile) clock.setTimeout(() => store.append(meanwhile), 1000);
    let opened = null;
    const openSink = (sink) => {
      opened = sink;
      return { put: () => assert.fail(), wasPut: () => was_put };
    };
    const { rows } = await runFleet({ client, store, openSink, sink, clock, settings: { graceMs }, ...(is_due && { keys: ["key-1"] }) });
    const newest = await store.load("key-1");
    const { isDone, isLate } = (await store.list()).get("key-1");
    const outcome = { outcome: rows[0].outcome, sink: opened, is_done: isDone, is_late: isLate, grace_ms: newest.rotation.graceMs ?? 60_000 };
    assert.deepEqual(outcome, then, name);
  }
});
