// A rotation handler made of two parts: a store of states, which other machines share, and a
// sink, which holds the secrets.

import { isBranded, stamp } from "../internal/brand.js";
import { Stop } from "../internal/errors.js";
import { hidden, hide } from "../internal/hidden.js";
import { put } from "../internal/own.js";
import { Delivery, entryOf } from "./entry.js";

export class NotStored extends Error {
  constructor(message, options) {
    super(message, options);
    stamp(this, "NotStored");
  }
}

put(NotStored.prototype, "name", "NotStored", false);

/** Not printed: a sink may hold credentials. */
class StoredRotation {
  constructor(own) {
    hide(this, own);
  }

  get rotation() {
    return hidden(this).entry.rotation;
  }

  get owner() {
    return hidden(this).entry.owner;
  }

  async save(state) {
    const own = hidden(this);
    if (state.step === "creating") await own.sink.check?.(new Delivery({ ...own.entry, rotation: state }));
    await append(own, state);
  }

  async handOver(created) {
    const { sink, entry } = hidden(this);
    const key = new Delivery(entry);
    try {
      await sink.put(created.key, key);
    } catch (cause) {
      if (isBranded(cause, "NotStored")) throw cause;
      // A sink that has it not may still get it: only a later run believes that.
      if (!(await hasIt(sink, key))) throw new Stop("it is unknown whether the sink has the new key", { cause });
    }
  }

  async wasHandedOver() {
    const { sink, entry } = hidden(this);
    const wasPut = await sink.wasPut(new Delivery(entry));
    if (wasPut === undefined || wasPut === null) throw new Stop("the sink cannot say whether it has the new key");
    if (typeof wasPut === "boolean") return wasPut;
    throw new TypeError("wasPut must return true, false or undefined");
  }

  async claim() {
    const own = hidden(this);
    await append(own, own.entry.rotation);
  }
}

export async function storedRotation({ store, sink, newest, owner, leaseMs }) {
  if (typeof owner !== "string" || owner === "") throw new TypeError("owner must be a name; nothing was changed");
  if (!Number.isSafeInteger(leaseMs) || leaseMs < 0) throw new TypeError("leaseMs must be a whole number of milliseconds; nothing was changed");
  const entry = entryOf({ ...newest, owner, leaseMs });
  const own = { store, sink, entry };
  return (await write(own, entry.rotation)) ? undefined : new StoredRotation(own);
}

async function hasIt(sink, key) {
  try {
    return (await sink.wasPut(key)) === true;
  } catch {
    return false;
  }
}

/**
 * Appends an entry of this owner. After a failure, nothing more is changed: an entry whose outcome
 * is unknown may still appear, and must not be contradicted.
 */
async function append(own, rotation) {
  let other;
  try {
    other = await write(own, rotation);
  } catch (cause) {
    throw new Stop("the rotation's log could not be written", { cause });
  }
  if (other) throw new Stop(`another program has continued it: ${other.owner}`);
}

/**
 * Appends an entry of this owner; returns the entry that has its number, if another program's does.
 *
 * An entry that is in the log counts as appended, whatever the store said. It is recognised by
 * number and owner, because no other claim has this owner, and no number is tried twice.
 */
async function write(own, rotation) {
  const entry = entryOf({ ...own.entry, sequence: own.entry.sequence + 1, rotation });
  let failure;
  let isAppended = false;
  try {
    isAppended = (await own.store.append(entry)) === true;
  } catch (cause) {
    failure = { cause };
  }
  if (!isAppended) {
    const newest = await own.store.load(rotation.old);
    if (newest === undefined || newest.sequence < entry.sequence) {
      throw failure ? failure.cause : new Error("the store refused an entry that it does not have");
    }
    if (newest.sequence !== entry.sequence || newest.owner !== entry.owner) return newest;
  }
  own.entry = entry;
  return undefined;
}
