// What objects hold out of sight: an inspector that is attached prints private fields.

import { refused } from "./errors.js";
import { put } from "./own.js";

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

const INSPECT = Symbol.for("nodejs.util.inspect.custom");
/** Of plain objects that conceal fields. */
const shy = {};
withoutGetters(shy);

/**
 * Gives the object a field. One that shows a key is there for a program that reads it:
 * nothing that prints, copies or serialises the object has it.
 */
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

/** Gives the object another's fields, each concealed as it was there, except these. */
export function takeOver(object, fields, ...without) {
  const [shown, shies] = [fields, concealed(fields) ?? {}];
  for (const part of [shown, shies]) {
    for (const name of Object.keys(part)) {
      if (!without.includes(name)) setField(object, name, part[name], part === shies);
    }
  }
  return object;
}

/** The fields that the object conceals; `undefined` if there are none. */
export const concealed = (object) => all.get(object)?.concealed;

/** Node can be told to print what getters return: of this prototype's objects, it prints no more than they own. */
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
