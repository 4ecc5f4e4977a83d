// The client: the six operations and the listing of all pages.

import { isBrowser, WHY_NOT_IN_A_BROWSER } from "./browser.js";
import { Call } from "./call.js";
import {
  auditValues,
  callValues,
  clientValues,
  createValues,
  ensureValues,
  findValues,
  hashValues,
  holderOf,
  kindValues,
  listAllValues,
  listingValues,
  listValues,
  LONGEST,
  reconciledValues,
  requestValues,
  rotateValues,
  sweepValues,
  temporaryValues,
  updateValues,
} from "./check.js";
import { soundClock } from "./clock.js";
import { readError, refused } from "./errors.js";
import { Carrier } from "./exchange.js";
import { hide, hidden } from "./hidden.js";
import { Client } from "./openrouter_keys_bg.js";
import { readRotation } from "./rotation.js";
import { unlessAborted } from "./signal.js";
import { Tape } from "./tape.js";
import { AsyncContext, run } from "./task.js";
import { readAnswer, readCreated, readOutcome, readTemporary } from "./values.js";

const DISPOSE = Symbol.dispose ?? Symbol.for("Symbol.dispose");

export class OpenRouterKeys {
  #client;

  constructor(options) {
    const { apiKey, values, fetch, clock, dangerouslyAllowBrowser } = clientValues(options);
    if (isBrowser() && !dangerouslyAllowBrowser) {
      throw refused("new OpenRouterKeys", "dangerouslyAllowBrowser", WHY_NOT_IN_A_BROWSER);
    }
    const sound = soundClock(clock);
    this.#client = told(() => new Client(settled(apiKey), values, new Carrier(fetch, sound), sound));
  }

  list(params, options) {
    return this.#call("list", () => listValues(params), options);
  }

  listAll(params, options) {
    return new KeyListing(this.#pages(new AsyncContext(), params, options));
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

  request(request, options) {
    return this.#call("request", () => requestValues(request), options);
  }

  createReconciled(params, options) {
    return this.#work("createReconciled", () => [reconciledValues(params)], options);
  }

  ensure(params, options) {
    return this.#work("ensure", () => [ensureValues(params)], options);
  }

  sweep(params, options) {
    return this.#work("sweep", () => [sweepValues(params)], options);
  }

  rotate(params, holder, options) {
    const checked = () => [rotateValues(params), asker(holderOf(holder))];
    return this.#work("rotate", checked, options);
  }

  findBySecret(params, options) {
    return this.#work("findBySecret", () => [findValues(params)], options);
  }

  checkKey(kind, options) {
    return this.#work("checkKey", () => [kindValues(kind)], options);
  }

  audit(params, options) {
    return this.#work("audit", () => [auditValues(params)], options);
  }

  async temporary(params, options) {
    this.#live("temporary");
    const values = temporaryValues(params);
    const settings = callValues("temporary", options);
    const { tape, secret } = await this.#run("temporary", values, settings);
    // Whatever called the making off does not call the closing off.
    const own = { ...settings, signal: undefined };
    return readTemporary(tape, secret, async (held, given) => {
      await this.#run("closeTemporary", held, given === undefined ? own : callValues("closeTemporary", given));
    });
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
    this.#live(operation);
    const values = arguments_();
    const { tape, secret } = await this.#run(operation, values, callValues(operation, options));
    return { data: readAnswer(tape, operation, secret), tape };
  }

  async #work(workflow, arguments_, options) {
    this.#live(workflow);
    const [values, ask] = arguments_();
    const { tape, secret, errors } = await this.#run(workflow, values, callValues(workflow, options), ask);
    return readOutcome(tape, workflow, secret, errors.map((parts) => failure(parts)));
  }

  async #run(name, values, { values: settings, signal }, ask) {
    const client = this.#live(name);
    const parts = await unlessAborted(name, signal, (cancel) => run(client.call(name, values, settings, cancel, ask)));
    const tape = new Tape(parts);
    if (!tape.value()) throw readError(tape, parts[2], signal);
    return { tape, secret: parts[2], errors: parts[3] };
  }

  /** The requests belong to who began the listing, whoever reads on: a stream does so in any context. */
  async *#pages(context, params, options) {
    const values = listAllValues(params);
    const { values: settings, signal, onProgress } = listingValues("listAll", options);
    const report = onProgress && reporter(onProgress);
    const listing = told(() => this.#live("listAll").listing(values, settings, report));
    try {
      for (;;) {
        const parts = await unlessAborted("listAll", signal, (cancel) => context.run(() => run(listing.next(cancel))));
        const tape = new Tape(parts);
        if (!tape.value()) throw readError(tape, parts[2], signal);
        report?.check();
        const keys = tape.list();
        if (keys.length === 0) return;
        yield* keys;
      }
    } finally {
      await context.run(() => listing.free());
    }
  }
}

/** What the caller's function throws ends the listing, not the module's work. */
function reporter(onProgress) {
  let thrown;
  const report = (requests, pages, keys) => {
    try {
      onProgress({ requests, pages, keys });
    } catch (error) {
      thrown = { error };
    }
  };
  report.check = () => {
    if (thrown) throw thrown.error;
  };
  return report;
}

/** Puts the module's questions to the caller's functions. */
function asker(holder) {
  return async (question, parts) => {
    const tape = new Tape(parts);
    if (question === "handOver") return handOver(holder, readCreated(tape, parts[2]));
    const answer = await holder[question](readRotation(tape));
    if (question === "save" || typeof answer === "boolean") return answer;
    throw new TypeError("wasHandedOver must give true or false");
  };
}

/** What is thrown becomes an error's cause, which gets printed: the new key must not be in it. */
async function handOver(holder, created) {
  try {
    await holder.handOver(created);
  } catch (thrown) {
    throw withoutSecret(thrown, created.key);
  }
}

function withoutSecret(thrown, secret) {
  try {
    if (!shows(thrown, secret)) return thrown;
    return new Error(String(thrown.message ?? thrown).replaceAll(secret, "[redacted]"));
  } catch {
    return new Error("handOver threw what cannot be read");
  }
}

/** Whether the secret is in what is thrown or in one of its causes, or may be. */
function shows(thrown, secret) {
  const seen = new Set();
  for (let one = thrown; one !== undefined && one !== null && !seen.has(one); one = one.cause) {
    seen.add(one);
    const shown = [String(one), one.message, one.stack, json(one)];
    if (shown.some((text) => text === NO_JSON || String(text).includes(secret))) return true;
  }
  return false;
}

const NO_JSON = Symbol();

function json(value) {
  try {
    return JSON.stringify(value);
  } catch {
    return NO_JSON;
  }
}

/** What the module throws for a refused setting, as an error. */
function told(make) {
  try {
    return make();
  } catch (thrown) {
    throw Array.isArray(thrown) ? failure(thrown) : thrown;
  }
}

/** The keys of all pages: an async generator that can be read to its end at once. */
class KeyListing {
  constructor(keys) {
    hide(this, { keys });
  }

  next() {
    return hidden(this).keys.next();
  }

  return(value) {
    return hidden(this).keys.return(value);
  }

  throw(error) {
    return hidden(this).keys.throw(error);
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  async toArray() {
    const keys = [];
    for await (const key of hidden(this).keys) keys.push(key);
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

/** The error that the module wrote. */
function failure(parts) {
  const tape = new Tape(parts);
  tape.value();
  return readError(tape, parts[2]);
}
