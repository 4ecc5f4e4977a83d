// How far the replacement of a key has come: plain data without a secret.

import { read } from "./own.js";

/** The state's fields, in the order in which `src/arguments.rs` takes and `src/answer.rs` writes them. */
export const FIELDS = [
  "old",
  "step",
  "new",
  "newLabel",
  "name",
  "unconfirmed",
  "since",
  "leaked",
  "remaining",
  "full",
  "carried",
  "oldKey",
  "graceMs",
  "quietMs",
  "watchMs",
];

export const STEPS = ["begun", "creating", "handing_over", "handed_over", "disabled", "deleted", "done"];

/** A state as an object that JSON can keep. */
export function readRotation(tape) {
  const readers = { __proto__: null, unconfirmed: () => tape.list(), oldKey: () => asTheApiWrites(tape.value()) };
  const fields = FIELDS.map((name) => [name, readers[name] ? readers[name]() : tape.value()]);
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}

/** A key by the API's names, so that the state is the same in Rust. */
function asTheApiWrites(key) {
  if (key === undefined) return undefined;
  const { extra, odd, ...fields } = { extra: undefined, odd: undefined, ...key };
  const named = Object.entries({ ...fields, ...odd }).map(([name, value]) => [
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    value,
  ]);
  return { ...Object.fromEntries(named), ...extra };
}

/** Whether the secret is the new key of this state, as far as its label tells. */
export function isNewKey(state, secret) {
  const label = read(state, "newLabel") ?? "";
  const at = label.indexOf("...");
  const [start, end] = [label.slice(0, at), label.slice(at + 3)];
  if (at < 1 || end === "" || typeof secret !== "string") return false;
  return secret.length > start.length + end.length && secret.startsWith(start) && secret.endsWith(end);
}
