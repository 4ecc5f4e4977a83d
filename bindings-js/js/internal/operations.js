// A client of the operations; `client.js` adds the workflows.

import { brand } from "./brand.js";
import { isBrowser, WHY_NOT_IN_A_BROWSER } from "./browser.js";
import { Call } from "./call.js";
import {
  callValues,
  clientValues,
  createValues,
  hashValues,
  listAllValues,
  listingValues,
  listValues,
  LONGEST,
  requestValues,
  updateValues,
} from "./check.js";
import { validClock } from "./clock.js";
import { InvalidArgumentError, refused } from "./errors.js";
import { FetchAdapter } from "./fetch_adapter.js";
import { withoutSecrets } from "./foreign.js";
import { hide, hidden } from "./hidden.js";
import { KeyListing } from "./listing.js";
import { requireModule } from "./load.js";
import { read } from "./own.js";
import { Client, masked } from "../openrouter_keys_bg.js";
import { isAborted, unlessAborted } from "./signal.js";
import { Reply } from "./reply.js";
import { AsyncContext, run } from "./task.js";

const DISPOSE = Symbol.dispose ?? Symbol.for("Symbol.dispose");

export class Operations {
  constructor(options) {
    const { apiKey, values, fetch, clock, dangerouslyAllowBrowser } = given(options);
    if (isBrowser() && !dangerouslyAllowBrowser) {
      throw refused("new OpenRouterKeys", "dangerouslyAllowBrowser", WHY_NOT_IN_A_BROWSER);
    }
    requireModule();
    const valid = validClock(clock);
    const client = rethrow(() => new Client(wrapKey(apiKey), values, new FetchAdapter(fetch, valid), valid));
    hide(this, { client, baseUrl: written(values.baseUrl) });
  }

  get baseUrl() {
    return hidden(this).baseUrl;
  }

  list(params, options) {
    return call(this, "list", () => listValues(params), options);
  }

  listAll(params, options) {
    return new KeyListing(pages(this, new AsyncContext(), params, options));
  }

  create(params, options) {
    return call(this, "create", () => createValues("create", params), options);
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
    return call(this, "getCurrentKeyMetadata", () => undefined, options);
  }

  request(request, options) {
    return call(this, "request", () => requestValues(request), options);
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

brand(Operations, "Operations");

/** The base URL, which the module has accepted, as Rust writes it. */
const written = (url = "https://openrouter.ai/api/v1") => url.trim().replace(/\/+$/, "").replace(/^\w+/, (scheme) => scheme.toLowerCase());

function live(keys, operation) {
  const { client } = hidden(keys, operation, `keys.${operation}`);
  if (client) return client;
  throw refused(operation, "client", "the client was disposed of and has no API key any more");
}

function call(keys, operation, arguments_, options) {
  return Call.of(whole(keys, operation, arguments_, options));
}

function whole(keys, operation, arguments_, options) {
  return guarded(keys, operation, async () => {
    const values = arguments_();
    return perform(keys, operation, values, callValues(operation, options));
  });
}

export async function guarded(keys, operation, work) {
  const client = live(keys, operation);
  try {
    return await work();
  } catch (error) {
    throw refusal(error, (text) => client.masked(text));
  }
}

/** The value, and the reply whose next value is the response. */
export function perform(keys, name, values, { values: settings, signal, close }, ask) {
  const client = live(keys, name);
  return unlessAborted(name, signal, (cancel) => run(client.call(name, values, settings, cancel, ask), reader({ signal, close })));
}

/** Requests run in the context that began the listing, whoever iterates it. */
async function* pages(keys, context, params, options) {
  const given = () => [listAllValues(params), listingValues("listAll", options)];
  const [values, { values: settings, signal, onProgress }] = await guarded(keys, "listAll", async () => given());
  const report = onProgress && reporter(onProgress);
  const listing = rethrow(() => live(keys, "listAll").listing(values, settings, report));
  const mask = (text) => listing.masked(text);
  try {
    for (;;) {
      const next = (cancel) => context.run(() => run(listing.next(cancel), reader({ signal })));
      const { data: page } = await unlessAborted("listAll", signal, next);
      report?.check(mask);
      if (page.length === 0) return;
      for (const key of page) {
        yield key;
        live(keys, "listAll");
        // The next request reports it.
        if (isAborted("listAll", signal)) break;
      }
    }
  } catch (error) {
    throw refusal(error, mask);
  } finally {
    await context.run(() => listing.free());
  }
}

function reader(context) {
  return (parts, mask) => {
    const reply = new Reply(parts, { ...context, shown: (thrown) => withoutSecrets(thrown, mask) });
    const isSuccess = reply.value();
    const data = reply.value();
    if (isSuccess) return { data, reply };
    throw data;
  };
}

/** A report of the module during a call. */
export const part = (parts) => new Reply(parts).value();

/** The error; its cause may be what a getter threw. */
function refusal(error, mask) {
  if (error instanceof InvalidArgumentError && Object.hasOwn(error, "cause")) error.cause = withoutSecrets(error.cause, mask);
  return error;
}

/** If the caller's function throws, the listing ends, but not the module's work. */
function reporter(onProgress) {
  let thrown;
  const report = (parts) => {
    try {
      onProgress(part(parts));
    } catch (error) {
      thrown = { error };
    }
  };
  report.check = (mask) => {
    if (thrown) throw withoutSecrets(thrown.error, mask);
  };
  return report;
}

/** Turns what the module throws for a refused setting into an error. */
function rethrow(make) {
  try {
    return make();
  } catch (thrown) {
    if (Array.isArray(thrown)) reader()(thrown, masked);
    throw thrown;
  }
}

/** `async`: a custom promise may throw. */
function wrapKey(apiKey) {
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
