// What foreign code throws becomes a cause: unchanged if it is clean, and otherwise
// without secrets, however it is printed.

import assert from "node:assert/strict";
import { Session } from "node:inspector";
import { test } from "node:test";
import { inspect } from "node:util";
import { createContext, runInContext } from "node:vm";

import { AbortError, CredentialsError, InvalidArgumentError, RotationHandlerError, OpenRouterKeys } from "../../npm/index.js";
import { current, found, key, listed, lost, never, reply } from "../../npm/testing.js";
import { clientOver, everythingShown, failureOf, HASH, printed } from "./harness.mjs";

const API_KEY = "hunter2-canary-of-the-management-key";
const SECRET = "sk-or-v1-canary-of-the-created-key-0123456789abc";
const UNKNOWN = "sk-or-mgmt-canary-of-a-key-that-nobody-gave-0123";
const PARTNER = "canary-of-the-partners-own-key-0123456789";
const GATEWAY = "canary-of-the-gateway-token-0123456789";
const LABEL = "sk-or-v1-can...9abc";
const NEW = "c".repeat(64);

class WithPrivate extends Error {
  #token;
  constructor(token) {
    super("sealed");
    this.#token = token;
  }
  get token() {
    return this.#token;
  }
}

/** A class whose instances print more than their properties. */
const printing = (name, show) => {
  class Printing extends Error {}
  Printing.prototype[name] = show;
  return new Printing("sealed");
};

/** Ways to contain a secret. */
const HIDING = {
  "a string": (secret) => `no: ${secret}`,
  "an error's message": (secret) => new Error(`no: ${secret}`),
  "an error's name": (secret) => Object.assign(new Error("no"), { name: secret }),
  "an error's code": (secret) => Object.assign(new Error("no"), { code: secret }),
  "an error's stack": (secret) => Object.defineProperty(new Error("no"), "stack", { value: `Error: ${secret}\n    at x` }),
  "a cause": (secret) => new Error("no", { cause: new Error(secret) }),
  "a cause that is a string": (secret) => new Error("no", { cause: secret }),
  "a chain of six causes": (secret) => [1, 2, 3, 4, 5].reduce((cause) => new Error("no", { cause }), new Error(secret)),
  "errors within an AggregateError": (secret) => new AggregateError([new Error("one"), new Error(secret)], "all failed"),
  "errors within errors of an AggregateError": (secret) => new AggregateError([new AggregateError([new TypeError(secret)])]),
  "a property": (secret) => Object.assign(new Error("no"), { request: { headers: { authorization: `Bearer ${secret}` } } }),
  "a property's name": (secret) => Object.assign(new Error("no"), { [secret]: 1 }),
  "a property that is not enumerable": (secret) => Object.defineProperty(new Error("no"), "token", { value: secret }),
  "an error in a property": (secret) => Object.assign(new Error("no"), { inner: new Error(secret) }),
  "a symbol's property": (secret) => Object.assign(new Error("no"), { [Symbol("token")]: secret }),
  "a symbol": (secret) => Symbol(secret),
  "a symbol's description": (secret) => Object.assign(new Error("no"), { [Symbol(secret)]: 1 }),
  "a Map": (secret) => Object.assign(new Error("no"), { held: new Map([["token", secret]]) }),
  "a Map's key": (secret) => new Map([[secret, 1]]),
  "a Set": (secret) => Object.assign(new Error("no"), { held: new Set([secret]) }),
  "an array": (secret) => [[[secret]]],
  "a plain object": (secret) => ({ deep: { deeper: secret } }),
  "an object without a prototype": (secret) => Object.assign(Object.create(null), { token: secret }),
  "a getter": (secret) => Object.defineProperty(new Error("no"), "token", { get: () => secret, enumerable: true }),
  "a message that is a getter": (secret) => Object.defineProperty(new Error("no"), "message", { get: () => secret }),
  "a getter of the class": (secret) => new (class extends Error { get token() { return secret; } })("no"),
  toJSON: (secret) => printing("toJSON", () => secret),
  "its own toJSON": (secret) => Object.assign(new Error("no"), { toJSON: () => secret }),
  toString: (secret) => printing("toString", () => secret),
  "a custom inspection": (secret) => printing(inspect.custom, () => secret),
  "a custom inspection of Deno": (secret) => printing(Symbol.for("Deno.customInspect"), () => secret),
  "a tag": (secret) => Object.assign(new Error("no"), { [Symbol.toStringTag]: secret }),
  "a private field": (secret) => new WithPrivate(secret),
  "a function": (secret) => Object.assign(() => secret, { token: secret }),
  "a function's name": (secret) => Object.assign(new Error("no"), { retry: { [secret]() {} }[secret] }),
  "a buffer": (secret) => Object.assign(new Error("no"), { body: Buffer.from(secret) }),
  "a typed array": (secret) => new TextEncoder().encode(secret),
  "a proxy": (secret) => new Proxy(new Error(secret), { get: (target, name) => (name === "message" ? "no" : target[name]) }),
  "a proxy in a property": (secret) => Object.assign(new Error("no"), { held: new Proxy({ token: secret }, { ownKeys: () => [] }) }),
  "a WeakMap": (secret) => ((owner) => Object.assign(new Error("no"), { owner, held: new WeakMap([[owner, secret]]) }))({}),
  "a promise": (secret) => Object.assign(new Error("no"), { pending: Promise.resolve(secret) }),
  "an instance of a class": (secret) => new (class Vault { token = secret; })(),
  "a boxed string": (secret) => Object(secret),
  "a URL": (secret) => Object.assign(new Error("no"), { url: new URL(`https://vault.example/?token=${secret}`) }),
  "a Request's headers": (secret) => Object.assign(new Error("no"), { headers: new Headers({ authorization: `Bearer ${secret}` }) }),
  "an error of another realm": (secret) => runInContext(`new Error(${JSON.stringify(secret)})`, createContext()),
  "a DOMException": (secret) => new DOMException(secret, "AbortError"),
  "capitals": (secret) => new Error(secret.toUpperCase()),
  "JSON within JSON": (secret) => new Error(JSON.stringify(JSON.stringify({ secret }))),
  "base64": (secret) => new Error(`Authorization: Basic ${Buffer.from(`user:${secret}`).toString("base64")}`),
  "base64 behind other characters": (secret) => new Error(`/v1/${Buffer.from(`{"token":"${secret}"}`).toString("base64url")}`),
  "hexadecimal digits": (secret) => new Error(`read ${Buffer.from(secret).toString("hex").toUpperCase()}`),
  "UTF-16": (secret) => new Error(Buffer.from(secret, "utf16le").toString("latin1")),
  "UTF-16 in base64": (secret) => Object.assign(new Error("no"), { body: Buffer.from(secret, "utf16le").toString("base64") }),
  "a list of characters": (secret) => Object.assign(new Error("no"), { read: [...secret] }),
  "a Set of two halves": (secret) => new Set([secret.slice(0, 9), secret.slice(9)]),
  "a buffer's JSON": (secret) => Object.assign(new Error("no"), { body: Buffer.from(secret).toJSON() }),
  "a class's name": (secret) => new { [secret]: class extends Error {} }[secret]("no"),
  "a class's source": (secret) => new Function(`return new (class extends Error { token() { return "${secret}"; } })("no")`)(),
  "a method's name": (secret) => new (class extends Error { [secret]() {} })("no"),
  "a revoked proxy": () => ((revocable) => (revocable.revoke(), revocable.proxy))(Proxy.revocable({}, {})),
  "a throwing getter": (secret) => Object.defineProperty(new Error(secret), "code", { get() { throw new Error(secret); } }),
};

/** Clean values, which stay unchanged. */
const CLEAN = {
  "an error": () => new Error("the vault is sealed"),
  "an error with a code": () => Object.assign(new Error("ENOENT: no such file"), { code: "ENOENT", errno: -2, path: "/run/secrets/key" }),
  "an error of a class of the program's": () => new (class VaultError extends Error { retryable = true; describe() { return "sealed"; } })("sealed"),
  "a chain of causes": () => new Error("no", { cause: new TypeError("fetch failed", { cause: Object.assign(new Error(), { code: "ECONNREFUSED" }) }) }),
  "an AggregateError": () => new AggregateError([new Error("one"), "two"], "all failed"),
  "a DOMException": () => new DOMException("never mind", "AbortError"),
  "the reason of an abort": () => AbortSignal.abort().reason,
  "an error of another realm": () => runInContext("new RangeError('too far')", createContext()),
  "a string": () => "the tab was closed",
  "a plain object": () => ({ why: "the tab was closed", at: [1, 2, null], when: new Date(0), seen: new Map([["a", new Set([1n])]]) }),
  "a label": () => new Error(`the key ${LABEL} of ${HASH} is stale`),
  "a circle": () => ((error) => Object.assign(error, { self: error, list: [error] }))(new Error("round")),
  "a number": () => 7,
  "a symbol": () => Symbol.for("stop"),
};

/** Where foreign code throws: each call's rejection, and the secrets that it knows. */
const PLACES = {
  "a key function": {
    secrets: [UNKNOWN, PARTNER, GATEWAY],
    run: (thrown) => {
      const { keys } = clientOver([], { apiKey: () => { throw thrown; }, headers: { "x-gateway-token": GATEWAY } });
      return keys.create({ name: "a", limit: 1, external: { user: "partner", apiKey: PARTNER } });
    },
    kind: CredentialsError,
  },
  "handOver": { secrets: [UNKNOWN, API_KEY, SECRET, GATEWAY], run: (thrown) => rotating({ handOver() { throw thrown; } }), kind: RotationHandlerError },
  "save": { secrets: [UNKNOWN, API_KEY, SECRET], run: (thrown) => rotating({ save: async ({ step }) => { if (step === "handed_over") throw thrown; } }), kind: RotationHandlerError },
  "wasHandedOver": { secrets: [UNKNOWN, API_KEY], run: (thrown) => rotating({ wasHandedOver: async () => { throw thrown; } }, { resume: { old: HASH, step: "handing_over", new: NEW, unconfirmed: [] } }), kind: RotationHandlerError },
  "an abort": {
    secrets: [UNKNOWN, API_KEY, PARTNER],
    run: (thrown) => {
      const { keys } = clientOver([never()], { apiKey: API_KEY });
      const controller = new AbortController();
      setImmediate(() => controller.abort(thrown));
      return keys.create({ name: "a", limit: 1, external: { user: "partner", apiKey: PARTNER } }, { signal: controller.signal });
    },
    kind: AbortError,
  },
  "an abort of a client whose key is a function's": {
    secrets: [UNKNOWN, API_KEY],
    run: (thrown) => {
      const { keys } = clientOver([never()], { apiKey: async () => API_KEY });
      const controller = new AbortController();
      setTimeout(() => controller.abort(thrown), 5);
      return keys.list({}, { signal: controller.signal });
    },
    kind: AbortError,
  },
  "a getter of an argument": { secrets: [UNKNOWN, API_KEY], run: (thrown) => clientOver([], { apiKey: API_KEY }).keys.create({ get name() { throw thrown; }, limit: 1 }), kind: InvalidArgumentError },
  "a getter of a listing's option": { secrets: [UNKNOWN, API_KEY], run: (thrown) => clientOver([], { apiKey: API_KEY }).keys.listAll({}, { get timeoutMs() { throw thrown; } }).next(), kind: InvalidArgumentError },
  "a getter of the client's options": { secrets: [UNKNOWN], run: async (thrown) => new OpenRouterKeys({ apiKey: API_KEY, get baseUrl() { throw thrown; } }), kind: InvalidArgumentError },
  "a signal": { secrets: [UNKNOWN, API_KEY], run: (thrown) => clientOver([], { apiKey: API_KEY }).keys.list({}, { signal: { aborted: false, addEventListener() { throw thrown; }, removeEventListener() {} } }), kind: InvalidArgumentError },
};

/** A rotation whose handler fails. */
function rotating(overrides, params = { hash: HASH }) {
  const handler = { save() {}, handOver() {}, wasHandedOver: () => false, ...overrides };
  const made = key({ hash: NEW, label: LABEL, limit: 25, limit_reset: null });
  const { keys } = clientOver(
    ({ method, path }) => {
      if (path.endsWith("/key")) return current({ label: LABEL, limit: 25, limit_reset: null, is_management_key: false });
      if (method === "POST") return reply(201, { key: SECRET, data: made });
      if (method === "DELETE") return reply(200, { deleted: true });
      if (path.endsWith(HASH)) return found({ hash: HASH, limit: 25, limit_reset: null });
      return path.endsWith(NEW) ? found(made) : listed([]);
    },
    { apiKey: API_KEY, headers: { "x-gateway-token": GATEWAY } },
  );
  return keys.rotate({ ...params, ...(params.hash && { graceMs: 0, quietMs: 0, watchMs: 0 }) }, handler);
}

/** All that printing, copying and an inspector show. */
async function shown(value) {
  const texts = [everythingShown(value), printed(value)];
  for (const options of [{ getters: true, showHidden: true }, { showProxy: true, depth: 20 }]) texts.push(inspect(value, options));
  const session = new Session();
  session.connect();
  const post = (method, params) => new Promise((resolve) => session.post(method, params, (_, result) => resolve(result)));
  globalThis.thrownHere = value;
  let { result } = await post("Runtime.evaluate", { expression: "thrownHere", generatePreview: true });
  for (let depth = 0; result?.objectId !== undefined && depth < 4; depth++) {
    const properties = await post("Runtime.getProperties", { objectId: result.objectId, ownProperties: true, generatePreview: true });
    texts.push(JSON.stringify(properties));
    result = properties.result.find(({ name }) => name === "cause")?.value;
  }
  session.disconnect();
  delete globalThis.thrownHere;
  return texts.join("\n").toLowerCase();
}

for (const [place, { secrets, run, kind }] of Object.entries(PLACES)) {
  test(`what ${place} throws shows no secret as a cause`, async () => {
    const problems = [];
    for (const [index, [way, hold]] of Object.entries(HIDING).entries()) {
      // The plain ways contain each of them, the others one in turn.
      for (const secret of index < 2 ? secrets : [secrets[index % secrets.length]]) {
        const error = await failureOf(run(hold(secret)));
        assert.ok(error instanceof kind, `${way}: ${error?.stack}`);
        if ((await shown(error)).includes(secret.toLowerCase())) problems.push(`${way} shows ${secret}`);
      }
    }
    assert.deepEqual(problems, []);
  });

  test(`what ${place} throws is the cause itself if it is clean`, async () => {
    const problems = [];
    for (const [way, make] of Object.entries(CLEAN)) {
      const thrown = make();
      const error = await failureOf(run(thrown));
      assert.ok(error instanceof kind, `${way}: ${error?.stack}`);
      if (error.cause !== thrown) problems.push(`${way}: ${inspect(error.cause)}`);
    }
    assert.deepEqual(problems, []);
  });
}

test("what onProgress throws is rethrown as it is, or without its secrets", async () => {
  const listing = (thrown) =>
    clientOver([listed([key()]), listed([])], { apiKey: API_KEY }).keys.listAll({}, { onProgress() { throw thrown; } }).toArray();
  const clean = new Error("enough");
  assert.equal(await failureOf(listing(clean)), clean);
  for (const [way, hold] of Object.entries(HIDING)) {
    assert.ok(!(await shown(await failureOf(listing(hold(API_KEY))))).includes(API_KEY), way);
  }
});

test("a name that contains a key is readable in mayHaveCreated and never printed", async () => {
  for (const secret of [API_KEY, UNKNOWN]) {
    const name = `Customer 42 ${secret}`;
    const { keys } = clientOver([lost()], { apiKey: API_KEY });
    const error = await failureOf(keys.create({ name, limit: 1 }));
    assert.deepEqual([error.mayHaveCreated.name, error.mayHaveCreated.names], [name, [name]]);
    assert.ok(!(await shown(error)).includes(secret.toLowerCase()));
    assert.match(error.message, /a key named "Customer 42 \[redacted\]" may exist/);
  }
});

test("a masked copy keeps the name, the code, the rest of the strings and the causes", async () => {
  const cause = new TypeError(`no entry for ${UNKNOWN} in the vault`);
  const thrown = Object.assign(new RangeError("sealed", { cause }), { code: "ESEALED", retry() {} });
  const error = await failureOf(PLACES["a key function"].run(thrown));
  assert.ok(error.cause instanceof Error);
  assert.equal(error.cause.name, "RangeError");
  assert.equal(error.cause.message, "sealed");
  assert.equal(error.cause.code, "ESEALED");
  assert.match(error.cause.stack, /causes\.test\.mjs/);
  assert.equal(error.cause.cause.name, "TypeError");
  assert.equal(error.cause.cause.message, "no entry for [redacted] in the vault");
});
