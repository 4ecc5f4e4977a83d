// Hidden state of objects. Not in private fields: an attached inspector prints those.

import { refused } from "./errors.js";
import { put } from "./own.js";

const all = new WeakMap();

/** Sets the object's hidden state. */
export function hide(owner, own) {
  all.set(owner, own);
  return owner;
}

/** The object's hidden state; a proxy, or a detached method, has none. */
export function hidden(owner, operation, method) {
  const own = all.get(owner);
  if (own !== undefined) return own;
  const problem = "this is a copy or a proxy of an object of openrouter-keys, or not an object";
  if (operation === undefined) throw new TypeError(`${problem}: use the object itself`);
  throw refused(operation, "this", problem, undefined, `call it as a method of the object itself, ${method}(…), or bind it first`);
}

const INSPECT = Symbol.for("nodejs.util.inspect.custom");
/** The prototype of plain objects with concealed fields. */
const shy = {};
withoutGetters(shy);

/** Sets a field. One that shows a key can be read, but is never printed, copied or serialized. */
export function setField(object, name, value, isShy) {
  if (value === undefined) return object;
  if (!isShy) return put(object, name, value);
  delete object[name];
  if (Object.getPrototypeOf(object) === Object.prototype) Object.setPrototypeOf(object, shy);
  const own = all.get(object) ?? {};
  own.concealed = { __proto__: null, ...own.concealed, [name]: value };
  hide(object, own);
  const home = Object.getPrototypeOf(object);
  if (!Object.hasOwn(home, name)) {
    const get = function () {
      return concealed(this)?.[name];
    };
    const set = function (given) {
      put(this, name, given);
    };
    Object.defineProperty(home, name, { __proto__: null, get, set, configurable: true });
  }
  return object;
}

/** Copies another object's fields, concealed as they were, except these. */
export function takeOver(object, fields, ...without) {
  const [shown, shies] = [fields, concealed(fields) ?? {}];
  for (const part of [shown, shies]) {
    for (const name of Object.keys(part)) {
      if (!without.includes(name)) setField(object, name, part[name], part === shies);
    }
  }
  return object;
}

/** The concealed fields, if any. */
export const concealed = (object) => all.get(object)?.concealed;

/** Makes Node print own properties only, even if configured to print getters. */
export function withoutGetters(prototype) {
  put(prototype, INSPECT, inspected, false);
}

function inspected(depth, options, inspect) {
  const { name } = this.constructor;
  if (name === "Object") return { ...this };
  if (depth < 0 || inspect === undefined) return `[${name}]`;
  const nested = { __proto__: null, ...options, depth: options.depth === null ? null : options.depth - 1 };
  return `${name} ${inspect({ ...this }, nested)}`;
}
