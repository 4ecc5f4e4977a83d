// Calls in a process with properties added to `Object.prototype` or `Array.prototype`.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const CASES = fileURLToPath(new URL("pollution-cases.mjs", import.meta.url));

/** Every option and parameter, with a valid value as source code. */
const ARGUMENTS = {
  // Of the client and of calls.
  allowInsecureHttp: "true",
  apiKey: "'sk-or-v1-of-somebody-else'",
  attemptTimeoutMs: "7",
  baseUrl: "'https://evil.example/v1'",
  categories: "['evil']",
  clock: "{ now: () => 0, date: () => 0, setTimeout: () => 0, clearTimeout() {} }",
  dangerouslyAllowBrowser: "true",
  fetch: "() => { throw new Error('a fetch of somebody else') }",
  headers: "{ 'x-evil': 'yes' }",
  httpReferer: "'https://evil.example'",
  idleTimeoutMs: "7",
  maxAttempts: "1",
  maxErrorBytes: "1",
  maxSuccessBytes: "1",
  onProgress: "() => { throw new Error('progress of somebody else') }",
  retry: "false",
  signal: "AbortSignal.abort()",
  timeoutMs: "7",
  title: "'evil'",
  // Of `retry`.
  exponent: "50",
  initialIntervalMs: "12345",
  jitter: "true",
  maxIntervalMs: "1",
  maxRetryAfterMs: "1",
  strict: "true",
  throttledIntervalMs: "12345",
  // Of operations and workflows.
  creatorUserId: "'evil'",
  disabled: "true",
  disabledForDays: "0",
  stopAtShortPage: "true",
  expiresAt: "'2031-01-01T00:00:00Z'",
  expiringWithinDays: "400",
  external: "{ user: 'evil' }",
  graceMs: "1",
  hash: "'e'.repeat(64)",
  includeByokInLimit: "true",
  includeDisabled: "true",
  includeExpired: "true",
  leaked: "true",
  lifetimeMs: "1000",
  limit: "1000000",
  limitRemaining: "true",
  limitReset: "'daily'",
  maxRequests: "1",
  name: "'evil'",
  names: "['evil']",
  nearLimit: "0.01",
  offset: "1",
  onDuplicate: "'newest'",
  prefetch: "9",
  quietMs: "1",
  resume: "{ old: 'e'.repeat(64), step: 'deleted' }",
  secret: "'sk-or-v1-evil'",
  settleMs: "1",
  temporary: "true",
  unusedForDays: "0",
  user: "'evil'",
  watchMs: "1",
  workspaceId: "'11111111-1111-4111-8111-111111111111'",
  workspaceIds: "['11111111-1111-4111-8111-111111111111']",
  // Of `listAll` alone, of rotations and of `request`.
  exhaustive: "false",
  fullLimit: "true",
  idempotent: "true",
  path: "'/evil'",
  query: "{ evil: 1 }",
  // Of a rotation's state.
  carried: "1",
  full: "true",
  oldKey: "{ hash: 'e'.repeat(64) }",
  newLabel: "'sk-or-v1-evi...evil'",
  new: "'e'.repeat(64)",
  old: "'e'.repeat(64)",
  remaining: "true",
  since: "1",
  step: "'deleted'",
  unconfirmed: "['evil']",
};

/** What the package, the runtime and the glue read from their own objects. */
const INSIDE = {
  0: "'zero'",
  1: "'one'",
  2: "'two'",
  3: "'three'",
  aborted: "true",
  response: "'evil'",
  argument: "'evil'",
  body: "'evil'",
  bytes: "new Uint8Array([123, 125])",
  cache: "'force-cache'",
  cause: "Object.assign(new Error('evil'), { code: 'ECONNREFUSED' })",
  code: "'ECONNREFUSED'",
  configurable: "false",
  connect: "'evil'",
  count: "7",
  credentials: "'include'",
  data: "{ hash: 'e'.repeat(64) }",
  delayMs: "5",
  Deno: "{}",
  comesAtOnce: "true",
  digest: "'NEXT_EVIL'",
  dispatcher: "{}",
  $$typeof: "Symbol.for('react.postpone')",
  toJSON: "() => 'evil'",
  done: "true",
  dns: "1",
  end: "'idle'",
  enumerable: "false",
  errors: "[]",
  extra: "{ evil: 1 }",
  fields: "['evil']",
  function: "'evil'",
  idle: "1",
  integrity: "'sha256-evil'",
  key: "'sk-or-v1-evil'",
  keys: "['evil']",
  kind: "'evil'",
  maxBody: "1",
  message: "'evil'",
  method: "'DELETE'",
  next: "{ revalidate: 3600 }",
  number: "'evil'",
  unexpected: "{ evil: 1 }",
  of: "() => 'evil'",
  reason: "'evil'",
  redirect: "'follow'",
  rejects: "new Error('evil')",
  required: "true",
  set: "() => {}",
  get: "() => 'evil'",
  stalls: "true",
  startMs: "5",
  status: "500",
  statusText: "'evil'",
  string: "'evil'",
  symbol: "'evil'",
  steering: "new Error('evil')",
  syscall: "'connect'",
  tape: "'evil'",
  then: "'evil'",
  thrown: "new Error('evil')",
  type: "'opaqueredirect'",
  unsettled: "'evil'",
  url: "'https://evil.example'",
  value: "new Uint8Array([123])",
  values: "['evil']",
  window: "{ document: {} }",
  writable: "false",
  WorkerGlobalScope: "Object",
  __wbg_ptr: "1",
};

/** The requests, and the outcome of each call. */
async function run(pollution) {
  const { stdout } = await promisify(execFile)(process.execPath, [CASES, pollution], { timeout: 30_000 });
  return stdout;
}

const clean = run("");

/** Runs them concurrently, and names those that made a difference. */
async function sameAsClean(pollutions) {
  const expected = await clean;
  const left = [...pollutions];
  const differing = [];
  const work = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) {
      const got = await run(one).catch((error) => `it failed: ${error.stderr}`);
      if (got !== expected) differing.push({ one, got: firstDifference(got, expected) });
    }
  };
  await Promise.all(Array.from({ length: 4 }, work));
  assert.deepEqual(differing, []);
}

function firstDifference(got, expected) {
  const lines = expected.split("\n");
  const at = got.split("\n").findIndex((line, index) => line !== lines[index]);
  return `${got.split("\n")[at]} and not ${lines[at]}`.slice(0, 600);
}

const define = (on, name, descriptor) => `Object.defineProperty(${on}, ${JSON.stringify(name)}, { __proto__: null, configurable: true, ${descriptor} });`;

test("each option and parameter on Object.prototype changes nothing, alone or with all others", async () => {
  const added = Object.entries(ARGUMENTS).map(([name, value]) => define("Object.prototype", name, `enumerable: true, writable: true, value: ${value}`));
  await sameAsClean([...groups(added, 16), added.join("")]);
});

test("each option and parameter as a setter or read-only on Object.prototype changes nothing", async () => {
  const caught = Object.keys(ARGUMENTS).map((name) => define("Object.prototype", name, "set() {}, get() {}"));
  const fixed = Object.keys(ARGUMENTS).map((name) => define("Object.prototype", name, "value: 1"));
  await sameAsClean([caught.join(""), fixed.join("")]);
});

test("names that the package reads from its own objects, on Object.prototype, change nothing", async () => {
  const added = Object.entries(INSIDE).map(([name, value]) => define("Object.prototype", name, `enumerable: true, writable: true, value: ${value}`));
  await sameAsClean(groups(added, 6));
});

test("array elements and iteration on Array.prototype and Object.prototype change nothing", async () => {
  await sameAsClean([
    "Array.prototype[0] = 'evil'; Array.prototype[1] = 'evil'; Array.prototype[2] = 'evil'; Array.prototype[13] = 'evil';",
    "Object.prototype[Symbol.iterator] = function* () { yield ['x-evil', 'yes']; };",
    "Object.prototype[Symbol.asyncIterator] = function* () {};",
    "Object.prototype[Symbol.toStringTag] = 'Date';",
    "for (const { prototype } of [Array, String, Number, Boolean]) prototype.toJSON = function () { return 'evil'; };",
  ]);
});

function groups(items, size) {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size).join(""));
}
