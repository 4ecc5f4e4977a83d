// How far the replacement of a key has come: plain data without a secret.

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
  "graceMs",
  "quietMs",
  "watchMs",
];

export const STEPS = ["begun", "creating", "handing_over", "handed_over", "disabled", "deleted", "done"];

/** A state as an object that JSON can keep. */
export function readRotation(tape) {
  const fields = FIELDS.map((name) => [name, name === "unconfirmed" ? tape.list() : tape.value()]);
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}

/** Whether the secret is the new key of this state, as far as its label tells. */
export function isNewKey(state, secret) {
  const label = state.newLabel ?? "";
  const at = label.indexOf("...");
  const [start, end] = [label.slice(0, at), label.slice(at + 3)];
  if (at < 1 || end === "" || typeof secret !== "string") return false;
  return secret.length > start.length + end.length && secret.startsWith(start) && secret.endsWith(end);
}
