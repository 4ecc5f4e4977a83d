// The names and types of arguments and options, checked before anything else:
// a misspelt `limit` must not make a key without one.
//
// What a value means is checked by the core.

import { refused } from "./errors.js";

const article = (value) => {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "number") return Number.isFinite(value) ? "this number" : String(value);
  return { undefined: "undefined", object: "an object" }[typeof value] ?? `a ${typeof value}`;
};

/** A kind of value: what it is called, whether a value is one, and what the module gets. */
const kind = (name, is, give = (value) => value) => ({ name, is, give });

/** Half of a surrogate pair would arrive as something else. */
const isWellFormed = (text) => !/\p{Surrogate}/u.test(text);

const isText = (value) => typeof value === "string" && isWellFormed(value);
const isObject = (value) => typeof value === "object" && value !== null;
const isDate = (value) => value instanceof Date && !Number.isNaN(value.getTime());

const bool = kind("true or false", (value) => typeof value === "boolean");
const text = kind("a well-formed text", isText);
const number = kind("a number", (value) => typeof value === "number");
const whole = kind("a whole number from 0 to 2^53 - 1", (value) => Number.isSafeInteger(value) && value >= 0);
const time = kind("a number of milliseconds above 0", (value) => typeof value === "number" && value > 0);
const pause = kind("a number of milliseconds, 0 or more", (value) => typeof value === "number" && value >= 0);
const method = kind("a function", (value) => typeof value === "function");
const texts = kind("an array of texts", (value) => Array.isArray(value) && value.every(isText));
const moment = kind(
  "an RFC 3339 text or a valid Date",
  (value) => isText(value) || isDate(value),
  (value) => (isDate(value) ? value.toISOString() : value),
);
const key = kind("a text or a function that gives one", (value) => typeof value === "string" || method.is(value));
const clock = kind(
  "an object with now, date, setTimeout and clearTimeout",
  (value) => isObject(value) && ["now", "date", "setTimeout", "clearTimeout"].every((name) => method.is(value[name])),
);
const signal = kind(
  "an AbortSignal",
  (value) => isObject(value) && typeof value.aborted === "boolean" && method.is(value.addEventListener) && method.is(value.removeEventListener),
);
const headers = kind("an object or pairs of texts", isHeaders, (value) => headerPairs(value).flat());

const orNull = (other) => ({ ...other, name: `${other.name} or null`, is: (value) => value === null || other.is(value), nullable: true });
const required = (other) => ({ ...other, required: true });

function headerPairs(value) {
  return method.is(value[Symbol.iterator]) ? Array.from(value, (pair) => [...pair]) : Object.entries(value);
}

function isHeaders(value) {
  if (!isObject(value)) return false;
  try {
    return headerPairs(value).every((pair) => pair.length === 2 && pair.every(isText));
  } catch {
    return false;
  }
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

/** What a client and a call have in common, in the order in which `src/arguments.rs` takes it. */
const COMMON = {
  baseUrl: text,
  allowInsecureHttp: bool,
  headers,
  httpReferer: text,
  title: text,
  categories: texts,
  timeoutMs: time,
  attemptTimeoutMs: time,
};
const CALL = { ...COMMON, retry, signal: orNull(signal) };
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
const UPDATE = {
  name: text,
  disabled: bool,
  limit: orNull(number),
  limitReset: orNull(text),
  includeByokInLimit: bool,
  workspaceId: text,
};

const camelCase = (name) => name.replace(/[_-](\w)/g, (_, letter) => letter.toUpperCase());

/** The values of the table's names; throws what is refused. */
function take(operation, what, table, given = {}) {
  if (!isObject(given) || Array.isArray(given)) {
    throw refused(operation, what, `${what} must be an object, not ${article(given)}`);
  }
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(table, name) && given[name] !== undefined) {
      const meant = camelCase(name);
      const names = Object.keys(table).join(", ");
      const hint = Object.hasOwn(table, meant) ? `did you mean ${meant}?` : `there are ${names}`;
      throw refused(operation, name, `${what} has no ${JSON.stringify(name)}; ${hint}`);
    }
  }
  const taken = {};
  for (const [name, expected] of Object.entries(table)) {
    taken[name] = one(operation, name, expected, given[name]);
  }
  return taken;
}

function one(operation, name, expected, value) {
  if (value === undefined) {
    if (!expected.required) return undefined;
    const hint = name === "limit" ? "; null makes a key without a limit" : "";
    throw refused(operation, name, `${name} is missing: it must be ${expected.name}${hint}`);
  }
  if (!expected.is(value)) {
    throw refused(operation, name, `${name} must be ${expected.name}, not ${article(value)}`);
  }
  return value === null ? null : expected.give(value);
}

function retryValues(operation, given) {
  if (given === undefined) return [false];
  return [true, ...Object.values(take(operation, "retry", RETRY, given === false ? { maxAttempts: 1 } : given))];
}

export function listValues(operation, params) {
  return Object.values(take(operation, "params", LIST, params));
}

export function createValues(params) {
  const { external: partner, ...rest } = take("create", "params", CREATE, params);
  const { user, apiKey } = partner === undefined ? {} : take("create", "external", EXTERNAL, partner);
  return [...Object.values(rest), user, apiKey];
}

export function updateValues(hash, changes) {
  return [...hashValues("update", hash), ...Object.values(take("update", "changes", UPDATE, changes))];
}

export function hashValues(operation, hash) {
  return [one(operation, "hash", required(text), hash)];
}

export function callValues(operation, options) {
  const { retry: policy, signal, ...common } = take(operation, "options", CALL, options);
  return { values: [...Object.values(common), ...retryValues(operation, policy)], signal };
}

export function clientValues(options) {
  const operation = "new OpenRouterKeys";
  if (options === undefined) throw refused(operation, "options", "options are missing: they must be an object with apiKey");
  const taken = take(operation, "options", CLIENT, options);
  const { retry: policy, maxAttempts, apiKey, fetch, clock, dangerouslyAllowBrowser, ...settings } = taken;
  if (maxAttempts !== undefined && (policy === false || policy?.maxAttempts !== undefined)) {
    throw refused(operation, "maxAttempts", "maxAttempts is given twice: leave it out beside retry");
  }
  const given = maxAttempts === undefined ? policy : { ...policy, maxAttempts };
  return {
    apiKey,
    values: [...Object.values(settings), ...retryValues(operation, given)],
    fetch,
    clock,
    dangerouslyAllowBrowser,
  };
}
