// The client.

import { brand } from "./brand.js";
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
import { InvalidArgumentError, readError, refused } from "./errors.js";
import { Carrier } from "./exchange.js";
import { withoutSecrets } from "./foreign.js";
import { hide, hidden } from "./hidden.js";
import { KeyListing } from "./listing.js";
import { requireModule } from "./load.js";
import { Client, masked } from "./openrouter_keys_bg.js";
import { readRotation } from "./rotation.js";
import { isAborted, unlessAborted } from "./signal.js";
import { Tape } from "./tape.js";
import { AsyncContext, run } from "./task.js";
import { readAnswer, readCreated, readOutcome, readTemporary } from "./values.js";

const DISPOSE = Symbol.dispose ?? Symbol.for("Symbol.dispose");

export class OpenRouterKeys {
  constructor(options) {
    const { apiKey, values, fetch, clock, dangerouslyAllowBrowser } = given(options);
    if (isBrowser() && !dangerouslyAllowBrowser) {
      throw refused("new OpenRouterKeys", "dangerouslyAllowBrowser", WHY_NOT_IN_A_BROWSER);
    }
    requireModule();
    const sound = soundClock(clock);
    hide(this, { client: told(() => new Client(settled(apiKey), values, new Carrier(fetch, sound), sound)) });
  }

  list(params, options) {
    return call(this, "list", () => listValues(params), options);
  }

  listAll(params, options) {
    return new KeyListing(pages(this, new AsyncContext(), params, options));
  }

  create(params, options) {
    return call(this, "create", () => createValues(params), options);
  }

  get(hash, options) {
    return call(this, "get", () => hashValues("get", hash), options);
  }

  update(hash, changes, options) {
    return call(this, "update", () => updateValues(hash, changes), options);
  }

  delete(hash, options) {
    return call(this, "delete", () => hashValues("delete", hash), options);
  }

  getCurrentKeyMetadata(options) {
    return call(this, "getCurrentKeyMetadata", () => [], options);
  }

  request(request, options) {
    return call(this, "request", () => requestValues(request), options);
  }

  createReconciled(params, options) {
    return work(this, "createReconciled", () => [reconciledValues(params)], options);
  }

  ensure(params, options) {
    return work(this, "ensure", () => [ensureValues(params)], options);
  }

  sweep(params, options) {
    return work(this, "sweep", () => [sweepValues(params)], options);
  }

  rotate(params, holder, options) {
    const checked = () => [rotateValues(params), asker(holderOf(holder))];
    return work(this, "rotate", checked, options);
  }

  findBySecret(params, options) {
    return work(this, "findBySecret", () => [findValues(params)], options);
  }

  checkKey(kind, options) {
    return work(this, "checkKey", () => [kindValues(kind)], options);
  }

  audit(params, options) {
    return work(this, "audit", () => [auditValues(params)], options);
  }

  temporary(params, options) {
    return guarded(this, "temporary", async () => {
      const values = temporaryValues(params);
      const settings = callValues("temporary", options);
      const { tape, secret } = await perform(this, "temporary", values, settings);
      return readTemporary(tape, secret, closer(this, settings));
    });
  }

  dispose() {
    const own = hidden(this, "dispose", "keys.dispose");
    own.client?.free();
    own.client = undefined;
  }

  [DISPOSE]() {
    hidden(this, "dispose", "keys.dispose");
    this.dispose();
  }
}

brand(OpenRouterKeys, "OpenRouterKeys");

function live(keys, operation) {
  const { client } = hidden(keys, operation, `keys.${operation}`);
  if (client) return client;
  throw refused(operation, "client", "the client was disposed of and holds no API key any more");
}

function call(keys, operation, arguments_, options) {
  return Call.of(whole(keys, operation, arguments_, options));
}

function whole(keys, operation, arguments_, options) {
  return guarded(keys, operation, async () => {
    const values = arguments_();
    const { tape, secret } = await perform(keys, operation, values, callValues(operation, options));
    return { data: readAnswer(tape, operation, secret), tape };
  });
}

function work(keys, workflow, arguments_, options) {
  return guarded(keys, workflow, async () => {
    const [values, ask] = arguments_();
    const { tape, secret, errors } = await perform(keys, workflow, values, callValues(workflow, options), ask);
    return readOutcome(tape, workflow, secret, errors);
  });
}

/** The signal that cancels creating does not cancel closing. */
function closer(keys, settings) {
  const own = { ...settings, signal: undefined };
  return (held, given) =>
    guarded(keys, "closeTemporary", async () => {
      await perform(keys, "closeTemporary", held, given === undefined ? own : callValues("closeTemporary", given));
    });
}

async function guarded(keys, operation, work) {
  const client = live(keys, operation);
  try {
    return await work();
  } catch (error) {
    throw refusal(error, (text) => client.masked(text));
  }
}

function perform(keys, name, values, { values: settings, signal }, ask) {
  const client = live(keys, name);
  return unlessAborted(name, signal, (cancel) => run(client.call(name, values, settings, cancel, ask), readParts(signal)));
}

/** The requests run in the context that began the listing, whoever reads on. */
async function* pages(keys, context, params, options) {
  const given = () => [listAllValues(params), listingValues("listAll", options)];
  const [values, { values: settings, signal, onProgress }] = await guarded(keys, "listAll", async () => given());
  const report = onProgress && reporter(onProgress);
  const listing = told(() => live(keys, "listAll").listing(values, settings, report));
  const mask = (text) => listing.masked(text);
  try {
    for (;;) {
      const next = (cancel) => context.run(() => run(listing.next(cancel), readParts(signal)));
      const { tape } = await unlessAborted("listAll", signal, next);
      report?.check(mask);
      const page = tape.list();
      if (page.length === 0) return;
      for (const key of page) {
        yield key;
        live(keys, "listAll");
        // The next step reports it.
        if (isAborted("listAll", signal)) break;
      }
    }
  } catch (error) {
    throw refusal(error, mask);
  } finally {
    await context.run(() => listing.free());
  }
}

function readParts(signal) {
  return (parts, mask) => {
    const tape = new Tape(parts);
    const [, , secret, errors = []] = parts;
    if (!tape.value()) throw readError(tape, (thrown) => withoutSecrets(thrown, mask), secret, signal);
    return { tape, secret, errors: errors.map((error) => failure(error, mask)) };
  };
}

/** The error, whose cause may be what a getter threw. */
function refusal(error, mask) {
  if (error instanceof InvalidArgumentError && Object.hasOwn(error, "cause")) error.cause = withoutSecrets(error.cause, mask);
  return error;
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
  report.check = (mask) => {
    if (thrown) throw withoutSecrets(thrown.error, mask);
  };
  return report;
}

/** Puts the module's questions to the caller's functions. */
function asker(holder) {
  return async (question, parts) => {
    const tape = new Tape(parts);
    if (question === "handOver") return holder.handOver(readCreated(tape, parts[2]));
    const answer = await holder[question](readRotation(tape));
    if (question === "save" || typeof answer === "boolean") return answer;
    throw new TypeError("wasHandedOver must give true or false");
  };
}

/** What the module throws for a refused setting, as an error. */
function told(make) {
  try {
    return make();
  } catch (thrown) {
    throw Array.isArray(thrown) ? failure(thrown) : thrown;
  }
}

/** A custom promise may throw; that of an async function does not. */
function settled(apiKey) {
  if (typeof apiKey !== "function") return apiKey;
  return async () => {
    const key = await apiKey();
    return typeof key === "string" && key.length > LONGEST ? undefined : key;
  };
}

function given(options) {
  try {
    return clientValues(options);
  } catch (error) {
    throw refusal(error, masked);
  }
}

function failure(parts, mask = masked) {
  const tape = new Tape(parts);
  tape.value();
  return readError(tape, (thrown) => withoutSecrets(thrown, mask), parts[2]);
}
