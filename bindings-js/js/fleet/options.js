// The options of a pass, checked before anything is read or changed.

import { put } from "../internal/own.js";
import { isHash } from "./logs.js";
import { randomHex } from "./random.js";

const MINUTE_MS = 60_000;
const LEASE_MS = 3 * MINUTE_MS;
const IN_FLIGHT = 8;

const SYSTEM_CLOCK = { now: () => performance.now(), date: () => Date.now(), setTimeout: (callback, ms) => setTimeout(callback, ms) };

const isObject = (value) => typeof value === "object" && value !== null;
const isString = (value) => typeof value === "string";
const isFunction = (value) => typeof value === "function";
const isTime = (value) => typeof value === "number" && value >= 0;
/** JSON has no other numbers that Rust reads as one. */
const isCount = (value) => Number.isSafeInteger(value) && value >= 0;
const isBoolean = (value) => typeof value === "boolean";
const areHashes = (value) => Array.isArray(value) && value.every(isHash);

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;
/** In milliseconds since 1970. */
const momentOf = (value) => (isString(value) ? RFC_3339.test(value) && Date.parse(value) : has("getTime")(value) && value.getTime());

const has = (...names) => (value) => (isObject(value) || isFunction(value)) && names.every((name) => isFunction(value[name]));

/** What each must be, and what it is by default. */
const OPTIONS = {
  client: { is: has("rotate", "get", "listAll", "sweep", "checkKey"), what: "an OpenRouterKeys client" },
  store: { is: has("load", "append", "list", "finish", "forgetLate", "requireAccount"), what: "a store, such as r2Store(bucket)" },
  openSink: { is: isFunction, what: "a function that returns a sink" },
  sink: { is: isString, what: "a string", usual: "" },
  keys: { is: areHashes, what: "an array of hashes", usual: undefined },
  onlyKeys: { is: areHashes, what: "an array of hashes", usual: undefined },
  rule: { is: isObject, what: "an object", usual: undefined },
  settings: { is: isObject, what: "an object", usual: {} },
  shard: { is: ({ index, of }) => Number.isSafeInteger(of) && Number.isSafeInteger(index) && index >= 0 && index < of, what: "an index, from 0, below its of", usual: { index: 0, of: 1 } },
  atMost: { is: (value) => value === Infinity || isCount(value), what: "a whole number", usual: Infinity },
  inFlight: { is: (value) => isCount(value) && value > 0, what: "a whole number above 0", usual: IN_FLIGHT },
  owner: { is: isString, what: "a string", usual: undefined },
  leaseMs: { is: isCount, what: "a whole number of milliseconds", usual: LEASE_MS },
  timeoutMs: { is: isTime, what: "a number of milliseconds", usual: MINUTE_MS },
  patienceMs: { is: isTime, what: "a number of milliseconds", usual: undefined },
  longestPauseMs: { is: isTime, what: "a number of milliseconds", usual: undefined },
  clock: { is: has("now", "date", "setTimeout"), what: "an object with now, date and setTimeout", usual: SYSTEM_CLOCK },
};
const RULE = {
  olderThanMs: { is: isTime, what: "a number of milliseconds", usual: undefined },
  createdBefore: { is: (value) => Number.isFinite(momentOf(value)), what: "an RFC 3339 string or a valid Date", usual: undefined },
  namePrefix: { is: isString, what: "a string", usual: undefined },
  workspaceIds: { is: Array.isArray, what: "an array of strings", usual: undefined },
  only: { is: isFunction, what: "a function", usual: undefined },
};
const PAUSE = { is: isCount, what: "a whole number of milliseconds", usual: undefined };
const SWITCH = { is: isBoolean, what: "true or false", usual: undefined };
const SETTINGS = { limitRemaining: SWITCH, fullLimit: SWITCH, leaked: SWITCH, graceMs: PAUSE, quietMs: PAUSE, watchMs: PAUSE };

export function checkedOptions(options) {
  const pass = taken(options, OPTIONS, "options");
  const { keys, onlyKeys, rule, clock } = pass;
  if ([keys, onlyKeys, rule].filter((selection) => selection !== undefined).length > 1) throw refusal("keys, onlyKeys and rule exclude each other");
  if (!(pass.leaseMs > pass.timeoutMs)) throw refusal("leaseMs must be more than timeoutMs");
  if (rule !== undefined) pass.rule = checkedRule(rule, clock);
  const settings = stateOf(taken(pass.settings, SETTINGS, "settings"));
  pass.begin = (old) => ({ old, step: "begun", ...DEFAULTS, ...settings });
  /** Gives a rotation that has created nothing the settings of this pass. */
  pass.beginAgain = (rotation) => ({ ...rotation, ...settings });
  pass.patienceMs ??= pass.leaseMs + pass.timeoutMs;
  pass.owner ??= randomHex(16);
  pass.calls = { timeoutMs: pass.timeoutMs };
  return pass;
}

const DEFAULTS = { leaked: false, remaining: false, full: false, graceMs: MINUTE_MS, quietMs: MINUTE_MS, watchMs: MINUTE_MS };

/** By the names of a rotation's state, without those that are not given. */
function stateOf({ limitRemaining: remaining, fullLimit: full, leaked, ...pauses }) {
  const all = Object.entries({ leaked, remaining, full, ...pauses });
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}

function checkedRule(given, clock) {
  const rule = taken(given, RULE, "rule");
  if ((rule.olderThanMs === undefined) === (rule.createdBefore === undefined)) throw refusal("rule must have either olderThanMs or createdBefore");
  if (rule.createdBefore === undefined) return rule;
  rule.createdBefore = momentOf(rule.createdBefore);
  if (rule.createdBefore > clock.date()) throw refusal("createdBefore is still to come: until then, each pass would rotate the keys that the last one has created");
  return rule;
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
