// The client: the six operations and the listing of all pages.

import { isBrowser, WHY_NOT_IN_A_BROWSER } from "./browser.js";
import { Call } from "./call.js";
import { callValues, clientValues, createValues, hashValues, listValues, LONGEST, updateValues } from "./check.js";
import { soundClock } from "./clock.js";
import { readError, refused } from "./errors.js";
import { carrier } from "./fetch.js";
import { Client } from "./openrouter_keys_bg.js";
import { unlessAborted } from "./signal.js";
import { Tape } from "./tape.js";
import { readAnswer } from "./values.js";

const DISPOSE = Symbol.dispose ?? Symbol.for("Symbol.dispose");

export class OpenRouterKeys {
  #client;

  constructor(options) {
    const { apiKey, values, fetch, clock, dangerouslyAllowBrowser } = clientValues(options);
    if (isBrowser() && !dangerouslyAllowBrowser) {
      throw refused("new OpenRouterKeys", "dangerouslyAllowBrowser", WHY_NOT_IN_A_BROWSER);
    }
    try {
      this.#client = new Client(settled(apiKey), values, carrier(fetch), soundClock(clock));
    } catch (thrown) {
      throw Array.isArray(thrown) ? failure(thrown) : thrown;
    }
  }

  list(params, options) {
    return this.#call("list", () => listValues("list", params), options);
  }

  listAll(params, options) {
    return new KeyListing(this.#pages(params, options));
  }

  create(params, options) {
    return this.#call("create", () => createValues(params), options);
  }

  get(hash, options) {
    return this.#call("get", () => hashValues("get", hash), options);
  }

  update(hash, changes, options) {
    return this.#call("update", () => updateValues(hash, changes), options);
  }

  delete(hash, options) {
    return this.#call("delete", () => hashValues("delete", hash), options);
  }

  getCurrentKeyMetadata(options) {
    return this.#call("getCurrentKeyMetadata", () => [], options);
  }

  dispose() {
    this.#client?.free();
    this.#client = undefined;
  }

  [DISPOSE]() {
    this.dispose();
  }

  #live(operation) {
    if (this.#client) return this.#client;
    throw refused(operation, "client", "the client was disposed of and holds no API key any more");
  }

  #call(operation, arguments_, options) {
    return Call.of(this.#whole(operation, arguments_, options));
  }

  async #whole(operation, arguments_, options) {
    const client = this.#live(operation);
    const values = arguments_();
    const { values: settings, signal } = callValues(operation, options);
    const parts = await unlessAborted(operation, signal, (cancel) => client.call(operation, values, settings, cancel));
    const tape = new Tape(parts);
    const succeeded = tape.value();
    if (!succeeded) throw readError(tape, parts[2], signal);
    return readAnswer(tape, operation, parts[2]);
  }

  async *#pages(params, options) {
    const values = listValues("listAll", params);
    const { values: settings, signal } = callValues("listAll", options);
    const listing = this.#live("listAll").listing(values);
    try {
      for (;;) {
        const parts = await unlessAborted("listAll", signal, (cancel) => listing.next(settings, cancel));
        const tape = new Tape(parts);
        const succeeded = tape.value();
        if (!succeeded) throw readError(tape, parts[2], signal);
        const keys = tape.list();
        if (keys.length === 0) return;
        yield* keys;
      }
    } finally {
      listing.free();
    }
  }
}

/** The keys of all pages: an async generator that can be read to its end at once. */
class KeyListing {
  #keys;

  constructor(keys) {
    this.#keys = keys;
  }

  next() {
    return this.#keys.next();
  }

  return(value) {
    return this.#keys.return(value);
  }

  throw(error) {
    return this.#keys.throw(error);
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  async toArray() {
    const keys = [];
    for await (const key of this.#keys) keys.push(key);
    return keys;
  }
}

/** A promise of the caller's may have a `then` or a constructor that throws; one of an async function has not. */
function settled(apiKey) {
  if (typeof apiKey !== "function") return apiKey;
  return async () => {
    const key = await apiKey();
    return typeof key === "string" && key.length > LONGEST ? undefined : key;
  };
}

function failure(parts) {
  const tape = new Tape(parts);
  tape.value();
  return readError(tape, parts[2]);
}
