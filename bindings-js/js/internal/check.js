// Checks names and types of arguments and options before anything else: a misspelt
// `limit` must not create a key without one. The core checks what values mean.

import { readArgument, refused } from "./errors.js";
import { read } from "./own.js";
import { STEPS } from "./rotation.js";

/** Much longer strings do not fit into the module. */
export const LONGEST = 1_000_000;

/** Describes a refused value, which may be a secret. */
function article(value) {
  if (value === null || value === undefined || typeof value === "number") return String(value);
  if (Array.isArray(value)) return "an array";
  if (typeof value === "string") return aString(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  if (isDateObject(value)) return "an invalid Date";
  const tag = String(value[Symbol.toStringTag] ?? "").slice(0, 40);
  if (/^\w+$/.test(tag)) return `a ${tag} object`;
  return "an object";
}

function aString(value) {
  if (value.length > LONGEST) return `one of ${value.length} characters`;
  return isWellFormed(value) ? "this string" : "one with half of a surrogate pair";
}

/** A caller's name, quoted on one line. */
function quoted(name) {
  const short = name.length > 80 ? `${name.slice(0, 80)}…` : name;
  return JSON.stringify(short).replace(/[\p{Cc}\p{Cf}\p{DI}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${char.codePointAt(0).toString(16)}}`);
}

/** A kind of value: its name, and how it is converted for the module. */
const kind = (name, is, convert = (value) => value) => ({ name, of: (value) => (is(value) ? convert(value) : undefined), required: false, flaw: undefined });

/** Half of a surrogate pair would arrive altered. */
const isWellFormed = (text) => text.isWellFormed?.() ?? !/\p{Surrogate}/u.test(text);

const isString = (value) => typeof value === "string" && value.length <= LONGEST;
const isText = (value) => isString(value) && isWellFormed(value);
const isObject = (value) => typeof value === "object" && value !== null;
const isFunction = (value) => typeof value === "function";
const choice = (...choices) => kind(choices.map((one) => JSON.stringify(one)).join(" or "), (value) => choices.includes(value));
const has = (value, ...names) => isObject(value) && names.every((name) => isFunction(read(value, name)));

/** The time of a `Date` from any realm. */
function timeOf(value) {
  try {
    return Date.prototype.getTime.call(value);
  } catch {
    return undefined;
  }
}
const isDateObject = (value) => timeOf(value) !== undefined;
const isDate = (value) => Number.isFinite(timeOf(value));

/** A `URL` from any realm or library, as a string. */
function textOfUrl(value) {
  const href = isObject(value) ? read(value, "href") : undefined;
  return typeof href === "string" && String(value) === href ? href : value;
}

const bool = kind("true or false", (value) => typeof value === "boolean");
const only = kind("true", (value) => value === true);
const text = kind("a string", isText);
const url = kind("a string or a URL", (value) => isText(textOfUrl(value)), textOfUrl);
const number = kind("a number", (value) => typeof value === "number");
const whole = kind("a whole number from 0 to 2^53 - 1", (value) => Number.isSafeInteger(value) && value >= 0);
const time = kind("a number of milliseconds above 0", (value) => typeof value === "number" && value > 0);
const pause = kind("a number of milliseconds, 0 or more", (value) => typeof value === "number" && value >= 0);
const method = kind("a function", isFunction);
const texts = { ...kind("an array of strings", Array.isArray), of: textsOf };
const moment = kind(
  "an RFC 3339 string or a valid Date",
  (value) => isText(value) || isDate(value),
  (value) => (isText(value) ? value : Date.prototype.toISOString.call(value)),
);
const key = kind("a string or a function that returns one", (value) => isString(value) || isFunction(value));
const clock = kind("an object with now, date, setTimeout and clearTimeout", (value) => has(value, "now", "date", "setTimeout", "clearTimeout"));
const signal = kind("an AbortSignal", (value) => has(value, "addEventListener", "removeEventListener") && typeof read(value, "aborted") === "boolean");
const headers = { ...kind("an object or pairs of strings", isObject), of: headerTexts, flaw: droppedHeader };

const query = { ...kind("an object or pairs of strings, finite numbers and booleans", isObject), of: queryTexts };
const json = { ...kind("a value that JSON can hold, without NaN and infinities", isObject), of: jsonText };

const orNull = (other) => ({ ...other, name: `${other.name} or null`, of: (value) => (value === null ? null : other.of(value)) });
const required = (other) => ({ ...other, required: true });

/** As an array of this realm: the module accepts no other. */
function textsOf(value) {
  if (!Array.isArray(value)) return undefined;
  const copy = Array.from({ __proto__: null, length: value.length }, (_, at) => read(value, at));
  return copy.every(isText) ? copy : undefined;
}

/** An iterator yields its pairs only once. */
function pairsOf(value) {
  if (!isObject(value)) return undefined;
  const isIterable = isFunction(read(value, Symbol.iterator));
  const pairs = isIterable ? Array.from(value, (pair) => (isObject(pair) ? [...pair] : [])) : Object.entries(value);
  return pairs.every((pair) => pair.length === 2) ? pairs : undefined;
}

function headerTexts(value) {
  const texts = pairsOf(value)?.flat();
  return texts?.every(isText) ? texts : undefined;
}

/** Names and values alternately; an array repeats its name. */
function queryTexts(value) {
  const pairs = pairsOf(value)
    ?.flatMap(([name, part]) => [part].flat().map((one) => [name, one]))
    .filter(([, one]) => one !== undefined);
  const isValid = ([name, one]) => isText(name) && (isText(one) || typeof one === "boolean" || Number.isFinite(one));
  return pairs?.every(isValid) ? pairs.flat().map(String) : undefined;
}

/** JSON turns NaN into null, which means something else. A `toJSON` added to built-in prototypes is ignored. */
function jsonText(value) {
  const written = JSON.stringify(value, function (name, part) {
    const given = this[name];
    const isWritten = typeof given === "bigint" || (isObject(given) && !Array.isArray(given) && read(given, "toJSON") !== undefined);
    const written = isWritten ? part : given;
    if (typeof written === "number" && !Number.isFinite(written)) throw new TypeError();
    return written;
  });
  return isString(written) ? written : undefined;
}

/** Node's `fetch` drops this silently. */
function droppedHeader(texts) {
  const isThere = texts.some((text, at) => at % 2 === 0 && text.toLowerCase() === "__proto__");
  return isThere ? 'a header cannot be named "__proto__"' : undefined;
}

const RETRY = {
  maxAttempts: whole,
  initialIntervalMs: pause,
  throttledIntervalMs: pause,
  maxIntervalMs: pause,
  exponent: number,
  maxRetryAfterMs: pause,
  jitter: bool,
  strict: bool,
};
const retry = kind("an object or false", (value) => value === false || isObject(value));

/** Shared by clients and calls. `src/params.rs` reads each by name. */
const COMMON = {
  baseUrl: url,
  allowInsecureHttp: bool,
  headers,
  httpReferer: url,
  title: text,
  categories: texts,
  timeoutMs: time,
  attemptTimeoutMs: time,
};
const CALL = { ...COMMON, retry, signal: orNull(signal) };
const LISTING = { ...CALL, onProgress: method };
const CLIENT = {
  idleTimeoutMs: time,
  maxSuccessBytes: whole,
  maxErrorBytes: whole,
  ...COMMON,
  retry,
  maxAttempts: whole,
  apiKey: required(key),
  fetch: method,
  clock,
  dangerouslyAllowBrowser: bool,
};
const EXTERNAL = { user: required(text), apiKey: text };
const external = kind("an object", isObject);

const LIST = { includeDisabled: bool, includeExpired: bool, offset: whole, workspaceId: text };
const CREATE = {
  name: required(text),
  limit: required(orNull(number)),
  limitReset: orNull(text),
  includeByokInLimit: bool,
  expiresAt: orNull(moment),
  workspaceId: text,
  creatorUserId: orNull(text),
  external,
};
const ALL = { exhaustive: bool, stopAtShortPage: bool, prefetch: whole, maxRequests: whole, workspaceIds: texts };
/** For every workflow that lists. */
const LOOKS = { maxRequests: whole };
const ENSURE = { disabled: bool, onDuplicate: choice("refuse", "newest"), settleMs: pause, ...LOOKS };
const ROTATE = { hash: text, limitRemaining: bool, fullLimit: bool, leaked: bool, graceMs: whole, quietMs: whole, watchMs: whole, resume: kind("an object", isObject), leaseMs: time, longestPauseMs: pause, ...LOOKS };
const ROTATION = {
  old: required(text),
  step: required(choice(...STEPS)),
  new: text,
  newLabel: text,
  name: text,
  unconfirmed: texts,
  since: whole,
  quietSince: whole,
  leaked: bool,
  remaining: bool,
  full: bool,
  carried: number,
  oldKey: kind("an object", isObject, jsonText),
  graceMs: whole,
  quietMs: whole,
  watchMs: whole,
};
const HANDLER = { save: required(method), handOver: required(method), wasHandedOver: required(method), claim: method };
const FIND = { secret: required(kind("a string", isString)), workspaceIds: texts, ...LOOKS };
const HASH = required(text);
const KIND = required(choice("management", "inference"));
const AUDIT = { nearLimit: number, unusedForDays: whole, expiringWithinDays: whole, disabledForDays: whole, workspaceIds: texts, ...LOOKS };
/** A temporary key expires after its lifetime; the core refuses an `expiresAt`. */
const TEMPORARY = { lifetimeMs: required(time), ...LOOKS };
const BESIDE = { __proto__: null, createReconciled: LOOKS, ensure: ENSURE, temporary: TEMPORARY };
const SWEEP = { names: texts, workspaceIds: texts, temporary: only, ...LOOKS };
const UPDATE = {
  name: text,
  disabled: bool,
  limit: orNull(number),
  limitReset: orNull(text),
  includeByokInLimit: bool,
  workspaceId: text,
};

const REQUEST = {
  method: choice("GET", "POST", "PUT", "PATCH", "DELETE"),
  path: required(text),
  query,
  body: json,
  idempotent: bool,
};

const camelCase = (name) => name.replace(/[_-](\w)/g, (_, letter) => letter.toUpperCase());

function take(operation, what, table, given = {}) {
  const problem = readArgument(operation, what, () => problemOf(what, table, given));
  if (problem) throw refused(operation, problem.argument, problem.text);
  const taken = { __proto__: null };
  for (const [name, expected] of Object.entries(table)) {
    taken[name] = one(operation, name, expected, readArgument(operation, name, () => read(given, name)));
  }
  return taken;
}

function problemOf(what, table, given) {
  if (!isObject(given) || Array.isArray(given)) {
    return { argument: what, text: `${what} must be an object, not ${article(given)}` };
  }
  const name = Object.keys(given).find((name) => !Object.hasOwn(table, name) && given[name] !== undefined);
  if (name === undefined) return undefined;
  const meant = camelCase(name);
  const hint = Object.hasOwn(table, meant) ? `did you mean ${meant}?` : `expected one of ${Object.keys(table).join(", ")}`;
  return { argument: quoted(name).slice(1, -1), text: `${what} has no ${quoted(name)}; ${hint}` };
}

const HINTS = {
  __proto__: null,
  limit: "; null means no limit",
  hash: "; if the response lacked it, list the keys and find this one by its name",
};

function one(operation, name, expected, value) {
  if (value === undefined) {
    if (!expected.required) return undefined;
    const hint = HINTS[name] ?? "";
    throw refused(operation, name, `${name} is missing: it must be ${expected.name}${hint}`);
  }
  const taken = readArgument(operation, name, () => expected.of(value));
  const flaw = taken !== undefined && taken !== null ? expected.flaw?.(taken) : undefined;
  if (flaw !== undefined) throw refused(operation, name, flaw);
  if (taken !== undefined) return taken;
  const what = readArgument(operation, name, () => article(value));
  throw refused(operation, name, `${name} must be ${expected.name}, not ${what}`);
}

function retryValues(operation, given) {
  if (given === undefined) return undefined;
  return take(operation, "retry", RETRY, given === false ? { maxAttempts: 1 } : given);
}

export function listValues(params) {
  return take("list", "params", LIST, params);
}

export function listAllValues(params) {
  const taken = take("listAll", "params", { ...LIST, ...ALL }, params);
  taken.stopAtShortPage ??= taken.exhaustive === false;
  return taken;
}

/** For `create` and the workflows that create, each with its own fields. */
export function createValues(operation, params) {
  const taken = take(operation, "params", { ...CREATE, ...BESIDE[operation] }, params);
  if (taken.external !== undefined) taken.external = take(operation, "external", EXTERNAL, taken.external);
  return taken;
}

export function rotateValues(params) {
  const { hash, limitRemaining: remaining, fullLimit: full, resume, maxRequests, leaseMs, longestPauseMs, ...rest } = take("rotate", "params", ROTATE, params);
  if ((hash === undefined) === (resume === undefined)) {
    throw refused("rotate", "hash", "params must have either hash or resume");
  }
  const given = [remaining, full, ...Object.values(rest)].some((value) => value !== undefined);
  if (resume !== undefined && given) {
    throw refused("rotate", "resume", "resume excludes settings: the state has them");
  }
  const state = resume ?? { old: hash, step: "begun", remaining, full, ...rest };
  return Object.assign(take("rotate", "resume", ROTATION, state), { maxRequests, leaseMs, longestPauseMs });
}

/** The caller's functions, which are called as methods. */
export function handlerOf(handler) {
  take("rotate", "handler", HANDLER, methodsOf(handler));
  return handler;
}

/** A class instance inherits its methods. */
function methodsOf(handler) {
  if (!isObject(handler)) return handler ?? null;
  return readArgument("rotate", "handler", () => Object.fromEntries(Object.keys(HANDLER).map((name) => [name, read(handler, name)])));
}

export function findValues(params) {
  return take("findBySecret", "params", FIND, params);
}

export function kindValues(kind) {
  return { __proto__: null, kind: one("checkKey", "kind", KIND, kind) };
}

export function sweepValues(params) {
  const taken = take("sweep", "params", SWEEP, params);
  if ((taken.names === undefined) === (taken.temporary === true)) return taken;
  throw refused("sweep", "names", "params must have either names, an array of strings, or temporary: true");
}

export function auditValues(params) {
  return take("audit", "params", AUDIT, params);
}

export function updateValues(hash, changes) {
  return Object.assign(hashValues("update", hash), take("update", "changes", UPDATE, changes));
}

export function hashValues(operation, hash) {
  return { __proto__: null, hash: one(operation, "hash", HASH, hash) };
}

export function requestValues(request) {
  return take("request", "request", REQUEST, request);
}

export function callValues(operation, options) {
  // The fast path: most calls have none.
  if (options === undefined) return { values: undefined, signal: undefined };
  return settingsOf(operation, take(operation, "options", CALL, options));
}

export function listingValues(operation, options) {
  return settingsOf(operation, take(operation, "options", LISTING, options));
}

function settingsOf(operation, { signal, onProgress, ...values }) {
  return { values: Object.assign(values, { __proto__: null, retry: retryValues(operation, values.retry) }), signal, onProgress };
}

export function clientValues(options) {
  const operation = "new OpenRouterKeys";
  if (options === undefined) throw refused(operation, "options", "options are missing: expected an object with apiKey");
  const taken = take(operation, "options", CLIENT, options);
  const { retry: policy, maxAttempts, apiKey, fetch, clock, dangerouslyAllowBrowser } = taken;
  const own = policy === undefined || policy === false || maxAttempts === undefined ? undefined : take(operation, "retry", RETRY, policy);
  if (maxAttempts !== undefined && (policy === false || own?.maxAttempts !== undefined)) {
    throw refused(operation, "maxAttempts", "maxAttempts is given twice: set it here or in retry");
  }
  const given = maxAttempts === undefined ? policy : { ...own, maxAttempts };
  return {
    apiKey,
    values: Object.assign(taken, { retry: retryValues(operation, given) }),
    fetch,
    clock,
    dangerouslyAllowBrowser,
  };
}
