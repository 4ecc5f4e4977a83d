// What objects hold out of sight: an inspector that is attached prints private fields.

import { refused } from "./errors.js";

const all = new WeakMap();

/** Gives the object what it alone holds. */
export function hide(owner, own) {
  all.set(owner, own);
  return owner;
}

/**
 * What the object holds. A method that was taken off its object has none, and neither has a
 * proxy: the error says how it is called.
 */
export function hidden(owner, operation, method) {
  const own = all.get(owner);
  if (own !== undefined) return own;
  const problem = "this is a copy or a proxy of an object of openrouter-keys, or no object at all";
  if (operation === undefined) throw new TypeError(`${problem}: use the object itself`);
  throw refused(operation, "this", problem, undefined, `call it as a method of the object itself, ${method}(…), or bind it first`);
}
