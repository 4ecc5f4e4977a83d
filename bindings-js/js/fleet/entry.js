// The entries of a rotation's log, the same as in the Rust crate.

import { concealed, setField } from "../internal/hidden.js";
import { isNewKey } from "../internal/rotation.js";
import { read } from "../internal/own.js";

/** In the order in which Rust writes them. */
export function entryOf({ sequence, owner, leaseMs, sink, rotation }) {
  return { sequence, owner, leaseMs, ...(sink ? { sink } : undefined), rotation };
}

export function entryBefore(rotation, sink) {
  return entryOf({ sequence: 0, owner: "", leaseMs: 0, sink, rotation });
}

export function releasedEntry(entry) {
  return { ...entryBefore(entry.rotation, entry.sink), sequence: entry.sequence + 1 };
}

export function takeoverAfterMs(entry, timeoutMs) {
  return entry.owner === "" ? 0 : entry.leaseMs + timeoutMs;
}

export class Delivery {
  /** Internal. */
  constructor({ sequence, rotation }) {
    // A name that shows a key is printed nowhere, as in the state.
    setField(this, "name", rotation.name ?? "", concealed(rotation)?.name !== undefined);
    const oldKey = read(rotation, "oldKey");
    this.hash = rotation.new ?? "";
    this.label = rotation.newLabel;
    this.replaces = rotation.old;
    this.oldLabel = typeof oldKey?.label === "string" ? oldKey.label : undefined;
    this.fence = sequence;
  }

  isSecret(secret) {
    return isNewKey({ newLabel: this.label }, secret);
  }
}

/** What a store has under a name; anything else is an error, because a guess could cost a lease. */
export function parsed(name, text, sequence) {
  let entry;
  try {
    entry = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${name} is not JSON`, { cause });
  }
  const flaw = flawOf(entry);
  if (flaw !== undefined) throw new Error(`${name} is not an entry of a rotation's log: ${flaw}`);
  if (entry.sequence !== sequence) throw new Error(`${name} has the number ${entry.sequence}`);
  return entry;
}

const isCount = (value) => typeof value === "number" && Number.isFinite(value) && value >= 0;

function flawOf(entry) {
  if (typeof entry !== "object" || entry === null) return "it is not an object";
  const { sequence, owner, leaseMs, sink, rotation } = entry;
  if (!Number.isSafeInteger(sequence)) return "it has no number";
  if (typeof owner !== "string" || !isCount(leaseMs)) return "it has no owner or no lease";
  if (sink !== undefined && typeof sink !== "string") return "its sink is not a string";
  if (typeof rotation?.old !== "string") return "it has no rotation";
  return undefined;
}
