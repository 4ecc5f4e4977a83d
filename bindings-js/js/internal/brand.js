// Classes that know the instances of another copy of the package: a program can have
// the ES module and the CommonJS one side by side.

import { put } from "./own.js";

const BRAND = Symbol.for("openrouter-keys.class");
const ordinary = Function.prototype[Symbol.hasInstance];

/** Makes `instanceof` of this class say yes to its like of every copy. */
export function brand(kind, name) {
  put(kind.prototype, BRAND, name, false);
  const hasInstance = function (value) {
    // A class that extends this one inherits the function, and has only its own instances.
    return ordinary.call(this, value) || (this === kind && isBranded(value, name));
  };
  put(kind, Symbol.hasInstance, hasInstance, false);
}

/** Whether a class of this name, in whatever copy, made the value. */
export function isBranded(value, name) {
  if (typeof value !== "object" || value === null) return false;
  for (let holder = value; holder !== null; holder = Object.getPrototypeOf(holder)) {
    if (Object.hasOwn(holder, BRAND) && holder[BRAND] === name) return true;
  }
  return false;
}
