// One pass over the rotations of a machine's shard.

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
  const { jobs, late } = await jobsOf(pass);
  const sweeping = sweptLate(pass, late);
  const rows = await pooled(jobs, pass.inFlight, async (old) => {
    try {
      return { old, ...(await rotate(pass, old)) };
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
  const { store, shard, atMost } = pass;
  const all = await store.list();
  const isOurs = (hash) => isInShard(shard, hash);
  const logs = [...all].filter(([hash]) => isOurs(hash));
  const open = logs.filter(([, { isDone }]) => !isDone).map(([hash]) => hash);
  const late = logs.filter(([, { isDone, isLate }]) => isDone && isLate).map(([hash]) => hash);
  const begun = [...new Set(await selected(pass))].sort().filter((hash) => isOurs(hash) && !all.has(hash));
  return { jobs: [...open.sort(), ...begun.slice(0, atMost)], late };
}

async function selected({ client, keys, rule, clock, calls }) {
  if (keys !== undefined) return keys;
  if (rule === undefined) return [];
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
async function rotate(pass, old) {
  const { store, client, calls, leaseMs, longestPauseMs } = pass;
  const newest = (await store.load(old)) ?? entryBefore(pass.begin(old), pass.sink);
  if (newest.rotation.step === "done") return finished(store, newest.rotation);
  const claimed = await claim(pass, newest, await pass.openSink(newest.sink ?? "", old));
  if (claimed.busy !== undefined) return { outcome: "busy", owner: claimed.busy };
  const { stored } = claimed;
  const begun = stored.rotation;
  let end;
  try {
    const rotated = await client.rotate({ resume: begun, leaseMs, longestPauseMs }, stored, calls);
    if (rotated.outcome === "done") return await finished(store, stored.rotation);
    end = rotated.outcome === "waiting" ? { outcome: "waiting", leftMs: rotated.leftMs } : { outcome: rotated.outcome };
  } catch (error) {
    end = { outcome: "failed", error };
  }
  const wasOurs = await released(store, old, stored.owner);
  if (end.error && wasOurs && isUntouched(begun) && (await isGone(pass, old, end.error))) return { outcome: "gone" };
  return end;
}

async function finished(store, rotation) {
  const { old, new: hash, unconfirmed = [] } = rotation;
  await store.finish(old, { isLate: unconfirmed.length > 0 });
  return { outcome: "done", new: hash, unconfirmed };
}

/**
 * Claims the rotation. Waits for a lease that may have been left by a machine that died; if the
 * log grows meanwhile, that machine lives.
 */
async function claim({ store, owner, leaseMs, calls, patienceMs, clock }, found, sink) {
  let newest = found;
  const wait = takeoverAfterMs(newest, calls.timeoutMs);
  if (wait > patienceMs) return { busy: newest.owner };
  if (wait > 0) {
    await sleep(wait, clock);
    const now = await store.load(newest.rotation.old);
    if (now !== undefined && now.sequence !== newest.sequence) {
      // Unless the other one gave it up.
      if (now.owner !== "") return { busy: now.owner };
      newest = now;
    }
  }
  // Two passes of one machine are two owners.
  const stored = await storedRotation({ store, sink, newest, owner: `${owner} ${randomHex(8)}`, leaseMs });
  return stored ? { stored } : { busy: (await store.load(newest.rotation.old))?.owner ?? "" };
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

function isUntouched({ step, new: hash, unconfirmed }) {
  return step === "begun" && hash === undefined && !(unconfirmed?.length > 0);
}

/** Whether nothing was created because the old key is not there. */
async function isGone({ client, calls }, old, error) {
  if (error.mayHaveCreated !== undefined || error.status !== 404) return false;
  try {
    await client.get(old, calls);
    return false;
  } catch (thrown) {
    return thrown.status === 404;
  }
}
