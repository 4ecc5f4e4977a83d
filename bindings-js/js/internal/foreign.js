// What foreign code throws becomes a cause, which must show no secret, however it is
// printed. It stays as it is if proven clean: plain data of well-known kinds. Anything
// else is replaced by a masked copy.

import { put } from "./own.js";

const MOST_VALUES = 200;
const MOST_CHARS = 100_000;
const MOST_ERRORS = 10;
const DEEPEST = 4;

/** Perhaps base64 or hexadecimal digits. */
const ENCODED = /[\w+/-]{24,}/g;

const SOURCE = Function.prototype.toString;
/** In any realm; a bound function has no name here. */
const NATIVE = /^function (\w*Error|Object|Array|Map|Set|Date)\(\) \{\s*\[native code\]\s*\}$/;
/** For an error's stack, in newer engines; a bound function has a name. */
const NATIVE_GETTER = /^function \(\) \{\s*\[native code\]\s*\}$/;
/** Methods that decide how an object is printed. */
const PRINTING = ["toJSON", "toString", "valueOf", "toLocaleString", "inspect"];

/** `mask` returns the string without secrets, or `undefined` if it shows none. */
export function withoutSecrets(thrown, mask) {
  const masks = decoding(mask);
  try {
    return isClean(thrown, masks) ? thrown : account(thrown, masks, 0);
  } catch {
    return new Error("what was thrown cannot be read");
  }
}

/** Masks encoded secrets too: base64, hexadecimal digits, UTF-16. */
const decoding = (mask) => (text) => {
  const isUnclean = (encoded) => mask(encoded.replace(/\0/g, "")) !== undefined;
  const shown = text.replace(/\0/g, "").replace(ENCODED, (run) => (decoded(run).some(isUnclean) ? "[redacted]" : run));
  return mask(shown) ?? (shown === text ? undefined : shown);
};

function decoded(run) {
  const base64 = run.replace(/-/g, "+").replace(/_/g, "/");
  return [0, 1, 2, 3].flatMap((from) => {
    const rest = base64.slice(from);
    // `atob` refuses a single character after groups of four.
    return [rest.replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16))), atob(rest.length % 4 === 1 ? rest.slice(0, -1) : rest)];
  });
}

function isClean(value, mask) {
  const walk = new Walk();
  return walk.isPlain(value) && mask(walk.texts) === undefined && mask(walk.together) === undefined;
}

class Walk {
  #seen = new Set();
  /** All that may be printed, one per line. */
  texts = "";
  /** The values alone: a list of characters, or of their codes, spells out a string. */
  together = "";

  isPlain(value) {
    if (typeof value === "function") return false;
    if (typeof value === "object" && value !== null) return this.#isPlainObject(value);
    if (typeof value !== "symbol") this.together += typeof value === "number" ? String.fromCharCode(value) : value;
    return this.#note(value);
  }

  #note(text) {
    this.texts += `${String(text)}\n`;
    return this.texts.length <= MOST_CHARS;
  }

  #isPlainObject(object) {
    if (this.#seen.has(object)) return true;
    this.#seen.add(object);
    if (this.#seen.size > MOST_VALUES) return false;
    const kind = this.#kindOf(object);
    if (kind === undefined || isProxy(object)) return false;
    return this.#isPlainContent(object, kind) && Reflect.ownKeys(object).every((name) => this.#isPlainProperty(object, name));
  }

  /** Its well-known kind, or the one that its class extends without hiding or printing anything. */
  #kindOf(object) {
    let prototype = Object.getPrototypeOf(object);
    if (prototype === null) return "Object";
    for (let depth = 0; prototype !== null; depth++) {
      if (prototype === globalThis.DOMException?.prototype) return depth === 0 ? "DOMException" : undefined;
      const constructor = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
      const source = typeof constructor === "function" ? SOURCE.call(constructor) : "";
      const kind = NATIVE.exec(source)?.[1];
      if (kind !== undefined && constructor.prototype === prototype) return depth === 0 || kind.endsWith("Error") ? kind : undefined;
      // Only an inspector shows a private field, or the source.
      if (source === "" || source.includes("#") || !this.#note(source) || !this.isPlain(constructor.name) || !this.#isPlainClass(prototype)) return undefined;
      prototype = Object.getPrototypeOf(prototype);
    }
    return undefined;
  }

  #isPlainClass(prototype) {
    return Reflect.ownKeys(prototype).every((name) => {
      const { value } = Object.getOwnPropertyDescriptor(prototype, name);
      if (typeof name === "symbol" || PRINTING.includes(name) || !this.#note(name)) return false;
      return typeof value === "function" || (value !== undefined && this.isPlain(value));
    });
  }

  #isPlainContent(object, kind) {
    let isClean = true;
    const look = (value, key) => {
      isClean &&= this.isPlain(key) && this.isPlain(value);
    };
    if (kind === "Map") Map.prototype.forEach.call(object, look);
    if (kind === "Set") Set.prototype.forEach.call(object, look);
    // Accessors of the prototype, or in newer engines of the object itself.
    if (kind === "DOMException" || kind.endsWith("Error")) [object.name, object.message, object.stack].forEach((value) => look(value, ""));
    return isClean;
  }

  #isPlainProperty(object, name) {
    const { get, set, value } = Object.getOwnPropertyDescriptor(object, name);
    if (get === undefined && set === undefined) return this.#note(name) && (this.isPlain(value) || isOfTheRuntime(object, name));
    return name === "stack" && get?.name === "" && NATIVE_GETTER.test(SOURCE.call(get));
  }
}

/** A function under a private symbol that every `DOMException` of Deno has. */
function isOfTheRuntime(object, name) {
  if (typeof name !== "symbol" || typeof object[name] !== "function" || !("Deno" in globalThis)) return false;
  return Object.hasOwn(new DOMException(), name);
}

/** Nothing else refuses all proxies. */
function isProxy(object) {
  try {
    structuredClone(object);
    return false;
  } catch {
    return true;
  }
}

function account(thrown, mask, depth) {
  const masked = (text) => (text.length > MOST_CHARS ? `${text.length} characters` : (mask(text) ?? text));
  if (typeof thrown === "string") return masked(thrown);
  const read = (name) => {
    try {
      const value = thrown[name];
      return typeof value === "string" ? masked(value) : value;
    } catch {
      return undefined;
    }
  };
  const [message, name, stack, code] = ["message", "name", "stack", "code"].map(read);
  const error = new Error(typeof message === "string" ? message : "what was thrown is not shown, because it may show a secret");
  const define = (name, value) => put(error, name, value, false);
  if (typeof name === "string") define("name", name);
  if (typeof stack === "string") define("stack", stack);
  if (typeof code === "string" || typeof code === "number") put(error, "code", code);
  if (depth === DEEPEST) return error;
  const within = (one) => (isClean(one, mask) ? one : account(one, mask, depth + 1));
  const cause = read("cause");
  if (cause !== undefined) define("cause", within(cause));
  const errors = read("errors");
  if (Array.isArray(errors)) define("errors", Array.prototype.slice.call(errors, 0, MOST_ERRORS).map(within));
  return error;
}
