// The decisions that Rust and JavaScript machines share: `tests/vectors/fleet`, which
// `fleet/src/vectors.rs` reads too.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Stop, toDate } from "../../npm/index.js";
import { Delivery, entryBefore, memoryStore, NotStored, objectStore, releasedEntry, runFleet, storedRotation, takeoverAfterMs } from "../../npm/fleet.js";
import { isInShard } from "../../npm/fleet/rule.js";
import { key, listed } from "../../npm/testing.js";
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
  for (const { prefix, hash, sequence, entry, done } of VECTORS.names) {
    const { store, all } = recorded(prefix);
    assert.equal(await store.append({ ...entryBefore({ old: hash, step: "begun" }), sequence }), true);
    await store.finish(hash);
    assert.deepEqual([...all.keys()], [entry, done]);
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

test("a rule selects the keys that Rust selects", async () => {
  const { now, older_than_ms: olderThanMs, name_prefix: namePrefix, keys: vectors } = VECTORS.rules;
  const keys = vectors.map(({ key: fields }) => key({ name: undefined, created_at: undefined, ...fields }));
  const { keys: client } = clientOver([listed(keys)]);
  const clock = { now: () => 0, date: () => toDate(now).getTime(), setTimeout };
  const openSink = () => Promise.reject(new Error("nothing is rotated here"));
  const { rows } = await runFleet({ client, store: memoryStore(), openSink, rule: { olderThanMs, namePrefix }, clock });
  const selected = vectors.flatMap(({ is_selected }, at) => (is_selected ? [keys[at].hash] : []));
  assert.deepEqual(rows.map(({ old }) => old), selected.sort());
});
