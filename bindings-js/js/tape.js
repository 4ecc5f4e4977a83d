// Reads what the module wrote as one list of numbers and one text: see
// `src/tape.rs`, which writes in the same order.

import { shapes } from "./openrouter_keys_bg.js";
import { put } from "./own.js";

const ABSENT = 0;
const NULL = 1;
const FALSE = 2;
const TRUE = 3;
const NUMBER = 4;
const TEXT = 5;
const JSON_TEXT = 6;
const LIST = 7;
const OBJECT = 8;

/** The fields of each kind of object, and one that has them all, once the module is there. */
let known;

export const camelCase = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

function shapeOf(tag) {
  known ??= shapes()
    .split(";")
    .map((text) => text.trim().split(" ").map(camelCase))
    .map((fields) => ({ fields, blank: Object.fromEntries(fields.map((name) => [name, null])) }));
  return known[tag - OBJECT];
}

/** Values, read one after another. */
export class Tape {
  #numbers;
  #text;
  #at = 0;
  #from = 0;

  constructor([numbers, text]) {
    this.#numbers = numbers;
    this.#text = text;
  }

  /** The next number as it stands: a count. */
  count() {
    return this.#numbers[this.#at++];
  }

  /** The next value; `undefined` if there is none. */
  value() {
    return this.#of(this.count());
  }

  /** The values of a list. */
  list() {
    return this.value() ?? [];
  }

  /** What this version does not know, by the API's names; `undefined` if there is nothing. */
  extra() {
    const count = this.count();
    if (count === 0) return undefined;
    // Own properties, whatever their names: `__proto__` is one of them.
    return Object.fromEntries(this.#several(count, () => [this.value(), this.value()]));
  }

  #of(tag) {
    switch (tag) {
      case ABSENT:
        return undefined;
      case NULL:
        return null;
      case FALSE:
        return false;
      case TRUE:
        return true;
      case NUMBER:
        return this.count();
      case TEXT:
        return this.#chars();
      case JSON_TEXT:
        return JSON.parse(this.#chars());
      case LIST:
        return this.#several(this.count(), () => this.value());
      default:
        return this.#object(shapeOf(tag));
    }
  }

  #several(length, give) {
    return Array.from({ __proto__: null, length }, give);
  }

  /** A copy of the blank: V8 took three times as long to add all fields one by one. */
  #object({ fields, blank }) {
    const object = { ...blank };
    let odd;
    for (const name of fields) {
      const tag = this.count();
      if (tag === ABSENT || tag === JSON_TEXT) delete object[name];
      if (tag === JSON_TEXT) odd = put(odd ?? {}, name, this.#of(tag));
      else if (tag !== ABSENT) object[name] = this.#of(tag);
    }
    const extra = this.extra();
    if (odd) put(object, "odd", odd);
    if (extra) put(object, "extra", extra);
    return object;
  }

  #chars() {
    const from = this.#from;
    this.#from += this.count();
    return this.#text.slice(from, this.#from);
  }
}
