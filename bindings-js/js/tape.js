// Reads what the module wrote as one list of numbers and one text: see
// `src/tape.rs`, which writes in the same order.

import { give } from "./hidden.js";
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
  /** Whether the value that was read last shows a key. */
  isShy = false;
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
    this.isShy = false;
    return this.#next();
  }

  /** Gives the object these fields, which come next. */
  fields(object, ...names) {
    for (const name of names) give(object, name, this.value(), this.isShy);
    return object;
  }

  /** The values of a list. */
  list() {
    return this.value() ?? [];
  }

  /** Gives the object what this version does not know, by the API's names, if there is anything. */
  extra(object) {
    const count = this.count();
    if (count === 0) return object;
    this.isShy = false;
    // Own properties, whatever their names: `__proto__` is one of them.
    const extra = Object.fromEntries(this.#several(count, () => [this.#next(), this.#next()]));
    return give(object, "extra", extra, this.isShy);
  }

  #next() {
    return this.#of(this.count());
  }

  #of(tag) {
    if (tag < 0) this.isShy = true;
    switch (Math.abs(tag)) {
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
        return this.#several(this.count(), () => this.#next());
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
    let isOddShy = false;
    for (const name of fields) {
      const tag = this.count();
      const isOdd = Math.abs(tag) === JSON_TEXT;
      this.isShy = false;
      if (tag === ABSENT || isOdd) delete object[name];
      if (isOdd) odd = put(odd ?? {}, name, this.#of(tag));
      else if (tag !== ABSENT) object[name] = this.#of(tag);
      if (isOdd) isOddShy ||= this.isShy;
      else if (this.isShy) give(object, name, object[name], true);
    }
    give(object, "odd", odd, isOddShy);
    this.extra(object);
    // What shows a key is concealed within.
    this.isShy = false;
    return object;
  }

  #chars() {
    const from = this.#from;
    this.#from += this.count();
    return this.#text.slice(from, this.#from);
  }
}
