// The progress of replacing a key: plain data without a secret.

import { concealed, setField } from "./hidden.js";
import { put, read } from "./own.js";

export const STEPS = ["begun", "creating", "handing_over", "handed_over", "disabled", "deleted", "done"];

/** A state whose JSON has concealed fields too: a resume needs them. */
export function stateOf(state) {
  const oldKey = read(state, "oldKey");
  if (oldKey !== undefined) setField(state, "oldKey", asTheApiWrites(oldKey), concealed(oldKey));
  if (concealed(state)) {
    // A copy lacks concealed fields, and is refused without `old`.
    setField(state, "old", state.old, true);
    put(state, "toJSON", () => ({ ...state, ...concealed(state) }), false);
  }
  return state;
}

/** A key with the API's names, so that the state is the same in Rust. */
function asTheApiWrites(key) {
  const { extra, unexpected, ...fields } = { extra: undefined, unexpected: undefined, ...key, ...concealed(key) };
  const named = Object.entries({ ...fields, ...unexpected }).map(([name, value]) => [
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    value,
  ]);
  return { ...Object.fromEntries(named), ...extra };
}

/** Whether the secret is the new key of this state, judging by its label. */
export function isNewKey(state, secret) {
  const label = read(state, "newLabel") ?? "";
  const at = label.indexOf("...");
  const [start, end] = [label.slice(0, at), label.slice(at + 3)];
  if (at < 1 || end === "" || typeof secret !== "string") return false;
  return secret.length > start.length + end.length && secret.startsWith(start) && secret.endsWith(end);
}
