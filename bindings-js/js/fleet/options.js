// The options of a pass, checked before anything is read or changed.

import { put } from "../internal/own.js";
import { randomHex } from "./random.js";

const MINUTE_MS = 60_000;
const LEASE_MS = 3 * MINUTE_MS;
const IN_FLIGHT = 8;

const SYSTEM_CLOCK = { now: () => performance.now(), date: () => Date.now(), setTimeout: (callback, ms) => setTimeout(callback, ms) };

const isObject = (value) => typeof value === "object" && value !== null;
const isString = (value) => typeof value === "string";
const isFunction = (value) => typeof value === "function";
const isTime = (value) => typeof value === "number" && value >= 0;
const isCount = (value) => value === Infinity || (Number.isSafeInteger(value) && value >= 0);
const isBoolean = (value) => typeof value === "boolean";

const has = (...names) => (value) => (isObject(value) || isFunction(value)) && names.every((name) => isFunction(value[name]));

/** What each must be, and what it is by default. */
const OPTIONS = {
  client: { is: has("rotate", "get", "listAll", "sweep"), what: "an OpenRouterKeys client" },
  store: { is: has("load", "append", "list", "finish", "forgetLate"), what: "a store, such as r2Store(bucket)" },
  openSink: { is: isFunction, what: "a function that returns a sink" },
  sink: { is: isString, what: "a string", usual: "" },
  keys: { is: (value) => Array.isArray(value) && value.every(isString), what: "an array of hashes", usual: undefined },
  rule: { is: isObject, what: "an object", usual: undefined },
  settings: { is: isObject, what: "an object", usual: {} },
  shard: { is: ({ index, of }) => Number.isSafeInteger(of) && Number.isSafeInteger(index) && index >= 0 && index < of, what: "an index, from 0, below its of", usual: { index: 0, of: 1 } },
  atMost: { is: isCount, what: "a whole number", usual: Infinity },
  inFlight: { is: (value) => isCount(value) && value > 0, what: "a whole number above 0", usual: IN_FLIGHT },
  owner: { is: isString, what: "a string", usual: undefined },
  leaseMs: { is: isTime, what: "a number of milliseconds", usual: LEASE_MS },
  timeoutMs: { is: isTime, what: "a number of milliseconds", usual: MINUTE_MS },
  patienceMs: { is: isTime, what: "a number of milliseconds", usual: undefined },
  longestPauseMs: { is: isTime, what: "a number of milliseconds", usual: undefined },
  clock: { is: has("now", "date", "setTimeout"), what: "an object with now, date and setTimeout", usual: SYSTEM_CLOCK },
};
const RULE = {
  olderThanMs: { is: isTime, what: "a number of milliseconds" },
  namePrefix: { is: isString, what: "a string", usual: undefined },
  workspaceIds: { is: Array.isArray, what: "an array of strings", usual: undefined },
};
const SETTINGS = {
  limitRemaining: { is: isBoolean, what: "true or false", usual: false },
  fullLimit: { is: isBoolean, what: "true or false", usual: false },
  leaked: { is: isBoolean, what: "true or false", usual: false },
  graceMs: { is: isCount, what: "a whole number of milliseconds", usual: MINUTE_MS },
  quietMs: { is: isCount, what: "a whole number of milliseconds", usual: MINUTE_MS },
  watchMs: { is: isCount, what: "a whole number of milliseconds", usual: MINUTE_MS },
};

export function checkedOptions(options) {
  const pass = taken(options, OPTIONS, "options");
  if (pass.keys !== undefined && pass.rule !== undefined) throw refusal("keys and rule exclude each other");
  if (!(pass.leaseMs > pass.timeoutMs)) throw refusal("leaseMs must be more than timeoutMs");
  if (pass.rule !== undefined) pass.rule = taken(pass.rule, RULE, "rule");
  const { limitRemaining: remaining, fullLimit: full, leaked, ...pauses } = taken(pass.settings, SETTINGS, "settings");
  pass.begin = (old) => ({ old, step: "begun", leaked, remaining, full, ...pauses });
  pass.patienceMs ??= pass.leaseMs + pass.timeoutMs;
  pass.owner ??= randomHex(16);
  pass.calls = { timeoutMs: pass.timeoutMs };
  return pass;
}

function taken(given, table, what) {
  if (!isObject(given)) throw refusal(`${what} must be an object`);
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(table, name));
  if (unknown !== undefined) throw refusal(`${what} has no ${JSON.stringify(unknown)}; expected one of ${Object.keys(table).join(", ")}`);
  const all = {};
  for (const [name, { is, what: expected, ...rest }] of Object.entries(table)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined && Object.hasOwn(rest, "usual")) put(all, name, rest.usual);
    else if (value !== undefined && value !== null && is(value)) put(all, name, value);
    else throw refusal(`${name} must be ${expected}`);
  }
  return all;
}

const refusal = (problem) => new TypeError(`runFleet: ${problem}; nothing was read or changed`);
