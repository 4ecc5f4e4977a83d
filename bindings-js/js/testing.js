// For unit tests of programs that use the package: a scripted `fetch` and a virtual clock.

import { DIRECT } from "./internal/direct.js";
import { put, read } from "./internal/own.js";

/** Idle turns after which only time is waited for. */
const IDLE_TURNS = 4;

// Saved before the user's test fakes it.
const realSetTimeout = globalThis.setTimeout;

/** A page of fewer keys is short. */
const PAGE_SIZE = 100;

const turn = () => new Promise((resolve) => realSetTimeout(resolve, 0));

/** A clock for the client's option `clock`. */
export function virtualClock(options = {}) {
  const { startMs, autoAdvance } = filled("virtualClock()", { startMs: undefined, autoAdvance: undefined }, options);
  return new VirtualClock(startMs ?? Date.UTC(2030, 0, 1), autoAdvance ?? true);
}

/** Sets a timer that is not one of the client's pauses. */
let setQuietTimeout;

class VirtualClock {
  pauses = [];
  #start;
  #now = 0;
  #timers = new Map();
  #nextId = 1;
  #autoAdvance;
  #activity = 0;
  #isWatching = false;

  static {
    setQuietTimeout = (clock, callback, ms) =>
      clock instanceof VirtualClock ? clock.#add(callback, ms, true) : clock.setTimeout(callback, ms);
  }

  constructor(start, autoAdvance) {
    this.#start = start;
    this.#autoAdvance = autoAdvance;
  }

  now() {
    return this.#now;
  }

  date() {
    return this.#start + this.#now;
  }

  setTimeout(callback, ms) {
    return this.#add(callback, ms, false);
  }

  clearTimeout(id) {
    this.#timers.delete(id);
    this.#activity++;
  }

  async advance(ms) {
    const until = this.#now + ms;
    await this.#idle();
    for (let next = this.#first(); next && next[1].at <= until; next = this.#first()) {
      this.#ring(next);
      await this.#idle();
    }
    this.#now = Math.max(this.#now, until);
  }

  #add(callback, ms, isQuiet) {
    const id = this.#nextId++;
    this.#timers.set(id, { callback, ms, at: this.#now + Math.max(0, ms || 0), isQuiet });
    this.#activity++;
    if (this.#autoAdvance) this.#watch();
    return id;
  }

  /** The timer that fires first, the older of two. */
  #first() {
    let first;
    for (const entry of this.#timers) {
      if (entry[1].at < (first?.[1].at ?? Infinity)) first = entry;
    }
    return first;
  }

  #ring([id, timer]) {
    this.#timers.delete(id);
    this.#now = timer.at;
    if (!timer.isQuiet) this.pauses.push(timer.ms);
    timer.callback();
  }

  /** Returns when no timer has been touched for some turns. */
  async #idle() {
    for (let turns = 0, seen = this.#activity; turns < IDLE_TURNS; turns++) {
      await turn();
      if (this.#activity !== seen) {
        seen = this.#activity;
        turns = -1;
      }
    }
  }

  async #watch() {
    if (this.#isWatching) return;
    this.#isWatching = true;
    try {
      await this.#idle();
      for (let next = this.#first(); next; next = this.#first()) {
        this.#ring(next);
        await this.#idle();
      }
    } finally {
      this.#isWatching = false;
    }
  }
}

/** A `fetch` that replies from a script: replies in order, or a function from a request to a reply. */
export function fakeFetch(script, options = {}) {
  const clock = filled("fakeFetch()", { clock: undefined }, options).clock ?? globalThis;
  const replies = typeof script === "function" ? undefined : [...script];
  const has = replies ? `the script has ${replies.length} ${replies.length === 1 ? "reply" : "replies"}` : "the script has no reply";
  const requests = [];
  const unexpected = [];
  /** The script's last page so far. */
  let page;

  async function fetch(url, init = {}) {
    const request = record(url, init);
    requests.push(request);
    const reply = replies ? next(request) : await script(request);
    if (reply) return carry(reply, read(init, "signal"), clock);
    const problem = `fakeFetch: ${has}${replies ? "; this is" : " to"} request ${requests.length}: ${request.method} ${request.path}`;
    unexpected.push(problem);
    // The client rethrows whatever has such a digest.
    throw Object.assign(new TypeError(problem), { digest: "FAKE_FETCH" });
  }

  /** After a short page comes the rest of it, unless the script has another. */
  function next({ method, path }) {
    const offset = Number(/[?&]offset=(\d+)/.exec(path)?.[1] ?? 0);
    const isFurther = method === "GET" && page?.keys.length < PAGE_SIZE && offset > page.offset;
    if (isFurther && !replies[0]?.keys) return listed(page.keys.slice(offset - page.offset));
    const reply = replies.shift();
    if (reply?.keys) page = { keys: reply.keys, offset };
    return reply;
  }

  put(fetch, DIRECT, true, false);
  put(fetch, "requests", requests);
  const assertDone = () => {
    const problems = [...unexpected];
    if (replies?.length > 0) problems.push(`${replies.length} of the replies were not requested`);
    if (problems.length > 0) throw new Error(problems.join("; "));
  };
  return put(fetch, "assertDone", assertDone);
}

function record(url, init) {
  const [method, headers, body, signal] = ["method", "headers", "body", "signal"].map((name) => read(init, name));
  const { pathname, search } = new URL(url);
  return {
    method: method ?? "GET",
    url: String(url),
    path: pathname + search,
    headers: Object.fromEntries(typeof Headers === "function" ? new Headers(headers) : lowerCase(headers)),
    body: body ?? undefined,
    signal: signal ?? undefined,
    get json() {
      return this.body === undefined ? undefined : JSON.parse(this.body);
    },
  };
}

const lowerCase = (headers) => Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);

async function carry(reply, signal, clock) {
  await delay(read(reply, "delayMs"), signal, clock);
  if (Object.hasOwn(reply, "rejects")) throw reply.rejects;
  const [status, headers, body, stalls] = ["status", "headers", "body", "stalls"].map((name) => read(reply, name));
  const init = { __proto__: null, status, headers };
  if (!stalls) return response(body, init);
  let rest = body;
  const half = new ReadableStream(
    {
      __proto__: null,
      start(controller) {
        signal?.addEventListener("abort", () => controller.error(signal.reason), { __proto__: null, once: true });
      },
      // An error discards unread chunks, so it must come after them.
      pull(controller) {
        if (rest) controller.enqueue(typeof rest === "string" ? new TextEncoder().encode(rest) : rest);
        else if (stalls !== true) controller.error(stalls);
        else return new Promise(() => {});
        rest = undefined;
        return undefined;
      },
    },
    { __proto__: null, highWaterMark: 0 },
  );
  return response(half, init);
}

/** jsdom has no `Response` and no streams. */
function response(body, init) {
  if (typeof Response === "function") return new Response(body, init);
  return { ...init, headers: new Map(Object.entries(init.headers ?? {})), body };
}

/** Waits, even for `Infinity`, unless aborted. */
async function delay(ms, signal, clock) {
  signal?.throwIfAborted();
  if (!ms) return;
  let timer;
  let abort;
  try {
    await new Promise((resolve, reject) => {
      abort = () => reject(signal.reason);
      signal?.addEventListener("abort", abort);
      if (ms !== Infinity) timer = setQuietTimeout(clock, resolve, ms);
    });
  } finally {
    clock.clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** Any response with a JSON body. */
export function reply(status, json, options) {
  return part(status, json === undefined ? null : JSON.stringify(json), undefined, options);
}

/** The response to a create. */
export function created(secret, fields = {}, options) {
  return reply(201, { key: secret, data: key(fields) }, options);
}

/** The response to a list: one page. */
export function listed(keys, options) {
  return { ...reply(200, { data: keys }, options), keys };
}

/** The response to a get and to an update. */
export function found(fields = {}, options) {
  return reply(200, { data: key(fields) }, options);
}

/** The response to `getCurrentKeyMetadata`. */
export function current(fields = {}, options) {
  return reply(200, { data: currentKey(fields) }, options);
}

/** The response to a delete. */
export function deleted(options) {
  return reply(200, { deleted: true }, options);
}

/** A response that is an error. */
export function apiError(status, message = "no", options = {}) {
  const { metadata, ...rest } = { metadata: undefined, ...options };
  return reply(status, { error: { code: status, message, metadata } }, rest);
}

/** The connection breaks after the request was sent: a key may have been created. */
export function disconnected(options) {
  return rejection(failure("ECONNRESET"), options);
}

/** Another name of `disconnected`. */
export const lost = disconnected;

/** The body breaks off after the given part. */
export function truncated(status, body = "", options) {
  return part(status, body, failure("ECONNRESET"), options);
}

/** The body stalls after the given part. */
export function stalled(status, body = "", options) {
  return part(status, body, true, options);
}

function part(status, body, stalls, options = {}) {
  const { headers, delayMs } = filled("a reply", { headers: undefined, delayMs: undefined }, options);
  return { status, body, stalls, headers: { "content-type": "application/json", ...headers }, delayMs };
}

/** No connection is established: nothing was sent. */
export function refused(options) {
  return rejection(failure("ECONNREFUSED"), options);
}

/** `fetch` rejects with anything at all. */
export function rejection(value, options = {}) {
  return { rejects: value, ...filled("a rejection", { delayMs: undefined }, options) };
}

/** No response ever comes. */
export function never() {
  return rejection(undefined, { delayMs: Infinity });
}

const failure = (code) => new TypeError("fetch failed", { cause: put(new Error(code), "code", code) });

/** Counts the keys, so that no two have the same hash or label. */
let written = 0;

function identity() {
  const number = (++written).toString(16);
  return {
    hash: `f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40d${number.padStart(12, "0")}`,
    label: `sk-or-v1-0e6...${number.padStart(4, "0").slice(-4)}`,
  };
}

/** The sample with the given fields, which it must have. */
function filled(what, sample, fields) {
  if (typeof fields !== "object" || fields === null) {
    throw new TypeError(`${what} takes an object of fields`);
  }
  for (const name of Object.keys(fields)) {
    if (Object.hasOwn(sample, name)) continue;
    const [nearest] = Object.keys(sample).sort((one, other) => distance(name, one) - distance(name, other));
    const further = Object.hasOwn(sample, "label") ? ` For a field that the API does not know, use reply(200, { data: { ...${what}, "${name}": … } })` : "";
    throw new TypeError(`${what} has no field "${name}"; did you mean "${nearest}"?${further}`);
  }
  return { ...sample, ...fields };
}

/** How many letters differ from the API's spelling. */
function distance(given, known) {
  const from = given.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  let row = Array.from({ length: known.length + 1 }, (_, at) => at);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < known.length; j++) {
      next.push(Math.min(next[j] + 1, row[j + 1] + 1, row[j] + (from[i] === known[j] ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1);
}

/** The fields that a key and the current key share. */
const COMMON = {
  limit: 25,
  limit_remaining: 25,
  limit_reset: "monthly",
  include_byok_in_limit: false,
  usage: 0,
  usage_daily: 0,
  usage_weekly: 0,
  usage_monthly: 0,
  byok_usage: 0,
  byok_usage_daily: 0,
  byok_usage_weekly: 0,
  byok_usage_monthly: 0,
  expires_at: null,
  creator_user_id: null,
  workspace_id: "0df9e665-d932-5740-b2c7-b52af166bc11",
};

/** A key as the API writes it: all fields valid, hash and label unique, the given fields as given. */
export function key(fields = {}) {
  const sample = {
    ...identity(),
    name: "Customer 42",
    disabled: false,
    created_at: "2030-01-01T00:00:00Z",
    updated_at: null,
    last_used_at: null,
    external_user: null,
    ...COMMON,
  };
  return filled("key()", sample, fields);
}

/** The current key as the API writes it: all fields valid, the given fields as given. */
export function currentKey(fields = {}) {
  const sample = {
    label: identity().label,
    is_free_tier: false,
    is_management_key: true,
    is_provisioning_key: true,
    organization_id: null,
    rate_limit: { requests: -1, interval: "10s", note: "This field is no longer used." },
    allowed_data_regions: ["global"],
    free_model_daily_requests: { limit: 1000, remaining: 1000, used: 0 },
    budgets: [],
    effective_budget: null,
    ...COMMON,
  };
  return filled("currentKey()", sample, fields);
}
