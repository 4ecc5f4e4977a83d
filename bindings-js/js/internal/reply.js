// Reads what the module wrote as one list of numbers, one string, and the values that are
// neither: see `src/reply.rs`.

import { shape, Tag } from "../openrouter_keys_bg.js";
import { setField } from "./hidden.js";
import { put } from "./own.js";
import { MAKERS } from "./values.js";

const { Absent, Null, False, True, Number, Text, Json, Unexpected, List, Value } = Tag;

/** Each kind of object, by tag. */
const shapes = new Map();

const camelCase = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

/** A kind's fields, an object that has them all, and its maker. */
function shapeOf(tag) {
  if (!shapes.has(tag)) {
    const [kind, ...fields] = shape(tag - Tag.Object).split(" ").map(camelCase);
    shapes.set(tag, { fields, blank: Object.fromEntries(fields.map((name) => [name, null])), make: MAKERS[kind] });
  }
  return shapes.get(tag);
}

/** Values, read one after another. */
export class Reply {
  #numbers;
  #text;
  #values;
  #context;
  #at = 0;
  #from = 0;
  /** Whether the last value read shows a key. */
  #isShy = false;

  /** Some objects are made with the context: see `values.js`. */
  constructor([numbers, text, ...values], context) {
    this.#numbers = numbers;
    this.#text = text;
    this.#values = values;
    this.#context = context;
  }

  /** The next value; `undefined` if there is none. */
  value() {
    return this.#of(this.#number());
  }

  #number() {
    return this.#numbers[this.#at++];
  }

  #of(tag) {
    switch (tag) {
      case Absent:
        return undefined;
      case Null:
        return null;
      case False:
        return false;
      case True:
        return true;
      case Number:
        return this.#number();
      case Text:
        return this.#chars();
      case Json:
      case Unexpected:
        return JSON.parse(this.#chars());
      case List:
        return this.#several(this.#number(), () => this.value());
      case Value:
        return this.#values.shift();
    }
    if (tag >= 0) return this.#object(shapeOf(tag));
    this.#isShy = true;
    return this.#of(-tag);
  }

  #several(length, next) {
    return Array.from({ __proto__: null, length }, next);
  }

  /** Copies the blank: adding all fields one by one took V8 three times as long. */
  #object({ fields, blank, make }) {
    const object = { ...blank };
    let unexpected;
    let isUnexpectedShy = false;
    for (const name of fields) {
      const tag = this.#number();
      if (tag === Null) continue;
      this.#isShy = false;
      if (tag !== Absent && Math.abs(tag) !== Unexpected) {
        object[name] = this.#of(tag);
        if (this.#isShy) setField(object, name, object[name], true);
        continue;
      }
      delete object[name];
      if (tag === Absent) continue;
      unexpected = put(unexpected ?? {}, name, this.#of(tag));
      isUnexpectedShy ||= this.#isShy;
    }
    setField(object, "unexpected", unexpected, isUnexpectedShy);
    this.#extra(object);
    // It conceals whatever shows a key.
    this.#isShy = false;
    return make === undefined ? object : make(object, this.#context);
  }

  /** Unknown fields, by the API's names. */
  #extra(object) {
    const count = this.#number();
    if (count === 0) return;
    this.#isShy = false;
    // Own properties, even if named `__proto__`.
    const extra = Object.fromEntries(this.#several(count, () => [this.value(), this.value()]));
    setField(object, "extra", extra, this.#isShy);
  }

  #chars() {
    const from = this.#from;
    this.#from += this.#number();
    return this.#text.slice(from, this.#from);
  }
}
