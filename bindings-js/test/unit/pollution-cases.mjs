// Runs calls of every kind in a process whose prototypes the first argument's source has
// changed, and prints each request and outcome.

const lines = { __proto__: null, count: 0 };
const out = (line) => {
  lines[lines.count++] = line;
};
const PROTOTYPES = [Object.prototype, Array.prototype];
const before = PROTOTYPES.map((prototype) => new Set(Reflect.ownKeys(prototype)));
const { stdout, stderr: _ } = process;
const stringify = JSON.stringify;
const HASH = "f".repeat(64);
const SECRET = "sk-or-v1-0e6aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1c96";
const KEY = stringify({ hash: HASH, name: "Customer 42", label: "sk-or-v1-0e6...1c96", limit: 25, limit_reset: null, usage: 0, disabled: false });
const CURRENT = stringify({ label: "sk-or-v1-0e6...1c96", limit: 25, is_management_key: true });
const BARE = stringify({ key: SECRET });

// Node's own loader reads some names of `Object.prototype`.
const { OpenRouterKeys, isNewKey } = await import("../../npm/index.js");

new Function(process.argv[2])();

/** Pauses end at once; limits keep their length. */
let skipped = 0;
const clock = {
  now: () => performance.now() + skipped,
  date: () => Date.now() + skipped,
  clearTimeout,
  setTimeout(ring, ms) {
    if (ms >= 9_000) return setTimeout(ring, ms);
    return setTimeout(() => {
      skipped += ms;
      ring();
    }, 0);
  },
};
const OPTIONS = { apiKey: "sk-or-v1-the-management-key", retry: { jitter: false }, clock };
const handler = { save() {}, handOver() {}, wasHandedOver: () => true };
const fake = (response) => new OpenRouterKeys({ ...OPTIONS, fetch: async () => response });
const PAGE = '{"data":[]}';

/** The server's responses in special cases; 0 breaks the connection. */
const ANSWERS = {
  __proto__: null,
  createLost: () => [0],
  createThenNothing: () => [201, ""],
  createBare: () => [201, BARE],
  notFound: () => [404, '{"error":{"code":404,"message":"no"}}'],
  emptyError: () => [400, ""],
  unexpected: () => [200, `{"data":{"hash":"${HASH}","limit":"x","new_field":1}}`],
  temporaryBare: (method, url) => (method === "POST" ? [201, BARE] : usual(method, url)),
};

function usual(method, url) {
  if (method === "POST") return [201, `{"key":"${SECRET}","data":${KEY}}`];
  if (method === "DELETE") return [200, '{"deleted":true}'];
  if (url.endsWith("/key")) return [200, `{"data":${CURRENT}}`];
  return [200, /\/keys(\?|$)/.test(url) ? `{"data":[${KEY}]}` : `{"data":${KEY}}`];
}

/** Not Node's, which reads what was added to `Object.prototype`. */
class CustomResponse {
  #status;
  #text;

  constructor(status, text) {
    this.#status = status;
    this.#text = text;
  }

  get status() {
    return this.#status;
  }

  get headers() {
    return new Map([["content-type", "application/json"]]);
  }

  async text() {
    return this.#text;
  }
}

/** Prints all that a `fetch` can see of its request. */
function recorder(name) {
  const fetch = async (url, init) => {
    const headers = Object.entries(init.headers).join("|");
    const added = Object.getOwnPropertyNames(Object.prototype).filter((one) => one in init && !Object.hasOwn(init, one));
    out(`${name}: ${init.method} ${steady(url)} ${headers} ${steady(init.body ?? "")} ${Object.keys(init)} ${added} ${init.signal.aborted}\n`);
    const [status, text] = (ANSWERS[name] ?? usual)(init.method, url);
    if (status === 0) throw new TypeError("fetch failed");
    return new CustomResponse(status, text);
  };
  // Its codes are trusted like those of the runtime's own.
  return Object.defineProperty(fetch, Symbol.for("openrouter-keys.fetch.direct"), { __proto__: null, value: true });
}


/** Each with its own client. */
const CASES = {
  list: (keys) => keys.list(),
  listAll: (keys) => keys.listAll().toArray(),
  listAllWithOptions: (keys) => keys.listAll({}, {}).toArray(),
  create: (keys) => keys.create({ name: "a", limit: 1 }),
  createWithOptions: (keys) => keys.create({ name: "a", limit: 1 }, { headers: { "x-team": "a" } }),
  createWithoutLimit: (keys) => keys.create({ name: "a" }),
  createWithoutName: (keys) => keys.create({ limit: 1 }),
  createForAPartner: (keys) => keys.create({ name: "a", limit: 1, external: { user: "u" } }),
  createLost: (keys) => keys.create({ name: "a", limit: 1 }),
  createThenNothing: (keys) => keys.create({ name: "a", limit: 1 }),
  createBare: (keys) => keys.create({ name: "a", limit: 1 }),
  get: (keys) => keys.get(HASH),
  update: (keys) => keys.update(HASH, { disabled: true }),
  updateNothing: (keys) => keys.update(HASH, {}),
  delete: (keys) => keys.delete(HASH),
  currentKey: (keys) => keys.getCurrentKeyMetadata(),
  response: (keys) => keys.list().withResponse(),
  notFound: (keys) => keys.get(HASH),
  emptyError: (keys) => keys.get(HASH),
  unexpected: (keys) => keys.get(HASH),
  createReconciled: (keys) => keys.createReconciled({ name: "a", limit: 1 }).then(({ created }) => created),
  ensure: (keys) => keys.ensure({ name: "Customer 42", limit: 25 }),
  sweep: (keys) => keys.sweep({ names: ["a [ork:" + "0".repeat(32) + "]"] }),
  sweepNothing: (keys) => keys.sweep({}),
  rotate: (keys) => keys.rotate({ resume: { old: HASH, step: "deleted", new: "d".repeat(64) } }, handler),
  rotateNothing: (keys) => keys.rotate({}, handler),
  rotateOn: (keys) => keys.rotate({ resume: { old: HASH, step: "deleted", new: "d".repeat(64), oldKey: { hash: HASH, usage: 7 } } }, handler),
  request: (keys) => keys.request({ path: "/credits" }),
  requestWithBody: (keys) => keys.request({ method: "POST", path: "/guardrails", body: { names: ["a"], since: new Date(0), more: { b: [true, 1] } } }),
  findBySecret: (keys) => keys.findBySecret({ secret: SECRET }),
  checkKey: (keys) => keys.checkKey("management"),
  checkKeyOfNoKind: (keys) => keys.checkKey(),
  audit: (keys) => keys.audit().then(({ keys }) => keys),
  temporary: (keys) => keys.temporary({ name: "a", limit: 1, lifetimeMs: 60_000 }).then((key) => key.close()),
  temporaryBare: (keys) => keys.temporary({ name: "a", limit: 1, lifetimeMs: 60_000 }).then((key) => key.close()),
  temporaryWithoutLifetime: (keys) => keys.temporary({ name: "a", limit: 1 }),
  fakeAnswer: (keys) => fake({ status: 200, text: async () => PAGE }).list(),
  fakeAnswerWithHeaders: (keys) => fake({ status: 200, headers: { "x-request-id": "id" }, text: async () => PAGE }).list().withResponse(),
  clientWithoutKey: async (keys) => new OpenRouterKeys({}),
  clientWithoutRetry: (keys) => new OpenRouterKeys({ apiKey: "k", clock, fetch: recorder("clientWithoutRetry"), maxAttempts: 2 }).list(),
  isNewKey: async (keys) => isNewKey({ old: HASH, step: "begun" }, SECRET),
};

/** Own properties only, never through `toJSON`. */
function shown(value, depth = 0) {
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  if (depth > 6) return "…";
  const fields = Object.getOwnPropertyNames(value).filter((name) => name !== "stack");
  const texts = fields.map((name) => `${name}: ${shown(value[name], depth + 1)}`);
  return `${Object.getPrototypeOf(value)?.constructor?.name} { ${texts.join(", ")} }`;
}

/** What differs between runs. */
const steady = (text) => text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME").replace(/[0-9a-f]{32}/g, "MARK").replace(/127.0.0.1:\d+/g, "HOST").replace(/date: [^,\n]*, [^,\n]*GMT/g, "DATE");

for (const name of Object.keys(CASES)) {
  let outcome;
  try {
    outcome = shown(await CASES[name](new OpenRouterKeys({ ...OPTIONS, fetch: recorder(name) })));
  } catch (error) {
    outcome = `failed: ${shown(error)}`;
  }
  out(`${name}: ${steady(outcome)}\n`);
}
// Printing is not part of the package either.
PROTOTYPES.forEach((prototype, at) => {
  for (const name of Reflect.ownKeys(prototype)) if (!before[at].has(name)) delete prototype[name];
});
const { count, ...all } = lines;
stdout.write(Object.values(all).join(""));
