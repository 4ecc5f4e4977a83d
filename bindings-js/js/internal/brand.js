// `instanceof` across copies of the package: a program can load both the ES module and
// the CommonJS one.

import { put } from "./own.js";

const BRAND = Symbol.for("openrouter-keys.class");
const ordinary = Function.prototype[Symbol.hasInstance];

/** Makes `instanceof` accept instances from every copy. */
export function brand(kind, name) {
  put(kind.prototype, BRAND, name, false);
  const hasInstance = function (value) {
    // A subclass inherits this, but accepts only its own instances.
    return ordinary.call(this, value) || (this === kind && isBranded(value, name));
  };
  put(kind, Symbol.hasInstance, hasInstance, false);
}

/** Marks one object, for `isBranded`: on a prototype, the mark would count as one that hides something. */
export function stamp(object, name) {
  put(object, BRAND, name, false);
}

/** Whether this class, in any copy, created the value. */
export function isBranded(value, name) {
  if (typeof value !== "object" || value === null) return false;
  for (let holder = value; holder !== null; holder = Object.getPrototypeOf(holder)) {
    if (Object.hasOwn(holder, BRAND) && holder[BRAND] === name) return true;
  }
  return false;
}
