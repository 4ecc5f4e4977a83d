// One pass over the rotations of a machine's shard.

import { STEPS } from "../internal/rotation.js";
import { claimedStore } from "./account.js";
import { entryBefore, releasedEntry, takeoverAfterMs } from "./entry.js";
import { sweptLate } from "./late.js";
import { checkedOptions } from "./options.js";
import { randomHex } from "./random.js";
import { isInShard, selects } from "./rule.js";
import { sleep } from "./sleep.js";
import { storedRotation } from "./stored.js";

export async function runFleet(options) {
  const pass = checkedOptions(options);
  const began = pass.clock.now();
  await claimedStore(pass);
  const { jobs, late } = await jobsOf(pass);
  const sweeping = sweptLate(pass, late);
  const rows = await pooled(jobs, pass.inFlight, async ({ old, isDue }) => {
    try {
      return { old, ...(await rotate(pass, old, isDue)) };
    } catch (cause) {
      return { old, outcome: "unreachable", cause };
    }
  });
  rows.sort((one, other) => (one.old < other.old ? -1 : 1));
  const isOpen = !rows.every(({ outcome }) => outcome === "done" || outcome === "gone");
  return { rows, ...(await sweeping), isOpen, tookMs: pass.clock.now() - began };
}

/** The old keys to work on: open rotations first. */
async function jobsOf(pass) {
  const { store, shard, atMost, onlyKeys } = pass;
  const all = await store.list();
  const selected = new Set(await selectedBy(pass));
  const isOurs = (hash) => isInShard(shard, hash);
  const logs = [...all].filter(([hash]) => isOurs(hash));
  const open = logs.filter(([hash, { isDone }]) => !isDone && (onlyKeys === undefined || selected.has(hash))).map(([hash]) => hash);
  const late = logs.filter(([, { isDone, isLate }]) => isDone && isLate).map(([hash]) => hash);
  const begun = [...selected].sort().filter((hash) => isOurs(hash) && !all.has(hash));
  const jobs = [...open.sort(), ...begun.slice(0, atMost)];
  return { jobs: jobs.map((old) => ({ old, isDue: selected.has(old) })), late };
}

async function selectedBy({ client, keys, onlyKeys, rule, clock, calls }) {
  if (rule === undefined) return keys ?? onlyKeys ?? [];
  const hashes = [];
  const now = clock.date();
  for await (const key of client.listAll({ workspaceIds: rule.workspaceIds }, calls)) {
    if (selects(rule, key, now) && typeof key.hash === "string") hashes.push(key.hash);
  }
  return hashes;
}

/** Calls with each, so many at a time. */
async function pooled(items, atOnce, work) {
  const rest = items.values();
  const results = [];
  const worker = async () => {
    for (const item of rest) results.push(await work(item));
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}

/** Begins or continues one rotation. */
async function rotate(pass, old, isDue) {
  const { store, client, calls, leaseMs, longestPauseMs } = pass;
  const found = (await store.load(old)) ?? entryBefore(pass.begin(old), pass.sink);
  if (found.rotation.step === "done") return finished(store, found.rotation);
  const claimed = await claim(pass, found, isDue);
  if (claimed.busy !== undefined) return { outcome: "busy", owner: claimed.busy };
  const { stored } = claimed;
  let end;
  try {
    const { outcome, leftMs } = await client.rotate({ resume: stored.rotation, leaseMs, longestPauseMs }, stored, calls);
    end = { outcome, ...(outcome === "waiting" && { leftMs }) };
  } catch (error) {
    end = { outcome: "failed", error };
  }
  if (end.outcome === "done") return finished(store, stored.rotation);
  const wasOurs = await released(store, old, stored.owner);
  if (end.error && wasOurs && (await isGone(pass, stored.rotation, end.error))) {
    await close(store, stored.rotation);
    return { outcome: "gone" };
  }
  return end;
}

async function finished(store, rotation) {
  const { new: hash, unconfirmed = [] } = rotation;
  if (hash === undefined) throw new Error("the log of a completed rotation has no new key");
  await close(store, rotation);
  return { outcome: "done", new: hash, unconfirmed };
}

const close = (store, { old, unconfirmed = [] }) => store.finish(old, { isLate: unconfirmed.length > 0 });

/** Claims the rotation, once it is nobody else's. */
async function claim(pass, found, isDue) {
  const { store, owner, leaseMs } = pass;
  const { old } = found.rotation;
  const { busy, newest } = await settled(pass, found);
  if (busy !== undefined) return { busy };
  const continued = isDue ? withSink(pass, newest) : newest;
  // Only now: the machine that gave the rotation up may have been given another sink.
  const sink = await pass.openSink(continued.sink ?? "", old);
  // Two passes of one machine are two owners.
  const stored = await storedRotation({ store, sink, newest: continued, owner: `${owner} ${randomHex(8)}`, leaseMs });
  return stored ? { stored } : { busy: (await store.load(old))?.owner ?? "" };
}

/**
 * Waits for a lease that may have been left by a machine that died; if the log grows meanwhile,
 * that machine lives.
 */
async function settled({ store, calls, patienceMs, clock }, newest) {
  const wait = takeoverAfterMs(newest, calls.timeoutMs);
  if (wait > patienceMs) return { busy: newest.owner };
  if (wait === 0) return { newest };
  await sleep(wait, clock);
  const now = await store.load(newest.rotation.old);
  if (now === undefined || now.sequence === newest.sequence) return { newest };
  // Unless the other one gave it up.
  return now.owner === "" ? { newest: now } : { busy: now.owner };
}

/** Where nothing was created yet, an earlier pass may have been given a wrong sink. */
function withSink({ sink, beginAgain }, newest) {
  if (sink === "" || !isUntouched(newest.rotation)) return newest;
  return { ...newest, sink, rotation: beginAgain(newest.rotation) };
}

/** Ends this owner's lease, so that others need not wait; they wait for its end if that fails. */
async function released(store, old, owner) {
  try {
    const newest = await store.load(old);
    return newest?.owner === owner && (await store.append(releasedEntry(newest)));
  } catch {
    return false;
  }
}

function isUntouched({ step, new: hash, unconfirmed = [] }) {
  return step === "begun" && hash === undefined && unconfirmed.length === 0;
}

/** The steps after the hand-over. */
const HANDED_OVER = STEPS.slice(STEPS.indexOf("handed_over"));

/** Whether nothing is left to do, because the old key is not there, nor the new one. */
async function isGone({ client, calls }, rotation, error) {
  const { old, new: hash, step } = rotation;
  if (error.mayHaveCreated !== undefined) return false;
  const isHandedOver = hash !== undefined && HANDED_OVER.includes(step);
  if (!isHandedOver && !(isUntouched(rotation) && error.status === 404)) return false;
  for (const gone of isHandedOver ? [old, hash] : [old]) {
    try {
      await client.get(gone, calls);
      return false;
    } catch (thrown) {
      if (thrown.status !== 404) return false;
    }
  }
  return true;
}
