// What the package does with the emulator, the same in every runtime.

/** How many keys the emulator is started with; it always has one more. */
export const SEEDED = 249;
const LISTED = SEEDED + 1;

/** The fault that the emulator keeps for the first create. */
export const FIRST_CREATE_FAULT = "method=POST,status=429";

/** The names of the keys created. */
export const MADE = ["Customer 42", "response lost", "response cut off"];

/** The prefix of the workflows' key names. */
export const WORKFLOWS = "workflows";

/** The create whose connection breaks before the response's head. */
export const BROKEN = "response lost";

const HASH = "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943";
const REFUSED_SECRET = "sk-or-v1-nobody-knows-this-key-0123456789";
const STALL = "stall-headers";

/** Error statuses, and the class of each error. */
const STATUSES = [
  [400, "BadRequestError"],
  [401, "UnauthorizedError"],
  [402, "PaymentRequiredError"],
  [403, "ForbiddenError"],
  [404, "NotFoundError"],
  [409, "ConflictError"],
  [413, "BadRequestError"],
  [418, "ApiError"],
  [429, "RateLimitError"],
  [500, "ServerError"],
  [502, "ServerError"],
  [503, "ServerError"],
  [524, "ServerError"],
];

/** Faults other than the API's errors, the error's class, and the codes that runtimes can report. */
const FAILURES = [
  ["html=502", "ServerError", ["server"]],
  ["empty=500", "ServerError", ["server"]],
  ['body=200 {"surprise":true}', "UnreadableResponseError", ["unreadable"]],
  ["body=200 no JSON at all", "UnreadableResponseError", ["unreadable"]],
  ["empty=200", "UnreadableResponseError", ["unreadable"]],
  ["redirect=302 http://127.0.0.1:9/elsewhere", "UnexpectedRedirectError", ["unexpected_redirect"]],
  ["redirect=307 /api/v1/key", "UnexpectedRedirectError", ["unexpected_redirect"]],
  ["reset-before-commit", "ConnectionError", ["disconnected", "connection"]],
  ["close-before-commit", "ConnectionError", ["disconnected", "connection"]],
  ["truncate-chunked=10", "ConnectionError", ["disconnected", "connection"]],
  ["endless-body", "ConnectionError", ["body_too_large"]],
];

/**
 * Uses the exports of the entry `operations`, with those of the main entry beside them. It creates
 * nothing: a key that is created counts.
 */
export async function alone(operations, api, { apiKey, baseUrl, isBrowser }, { check, shown }) {
  const keys = new operations.OpenRouterKeys({ apiKey, baseUrl, ...(isBrowser && { dangerouslyAllowBrowser: true }) });
  const isRefused = async (call, kind) => {
    const error = await call.then(() => undefined, (thrown) => thrown);
    if (!(error instanceof operations[kind])) throw new Error(`expected ${kind}, got ${error?.stack}`);
    return error;
  };
  await check("the entry of operations lists each key once, and reads one", async () => {
    const all = await keys.listAll().toArray();
    equal(new Set(all.map(({ hash }) => hash)).size, all.length);
    equal(all.length >= LISTED, true);
    equal((await keys.get(all[0].hash)).name, all[0].name);
  });
  await check("the entry of operations has the errors of the main entry, and shows no secret", async () => {
    const error = await isRefused(keys.get(HASH), "NotFoundError");
    equal(error instanceof api.NotFoundError, true);
    equal(shown([keys, error]).includes(apiKey), false);
  });
  await check("the entry of operations has no workflow", () => {
    equal(keys.rotate, undefined);
    equal(keys instanceof api.OpenRouterKeys, false);
  });
  keys.dispose();
}

/** Uses the package's exports `api`. `check` runs a named check; `shown` is all that a value shows when printed. */
export async function scenario(api, settings, { check, shown }) {
  const { apiKey, baseUrl, closedUrl, untrustedUrl, monstrousUrl, isBrowser, isUnderPolicy } = settings;
  const errors = [];

  /** The call's rejection: an error of this class with one of these codes. */
  async function failure(call, kind, ...codes) {
    let error;
    try {
      const value = await call();
      error = new Error(`it should have failed, but returned ${JSON.stringify(value)}`);
    } catch (thrown) {
      error = thrown;
    }
    errors.push(error);
    if (!(error instanceof api[kind]) || error.name !== kind || !codes.includes(error.code)) {
      throw new Error(`expected ${kind} with ${codes}, got ${error?.name} with ${error?.code}: ${error?.stack}`);
    }
    return error;
  }

  const client = (options) =>
    new api.OpenRouterKeys({ apiKey, baseUrl, ...(isBrowser && { dangerouslyAllowBrowser: true }), ...options });
  const keys = client();
  const fault = (text, options) => ({ headers: { "x-emulator-fault": text }, retry: false, ...options });

  if (isBrowser) {
    await check("a client is refused in a browser unless explicitly allowed", async () => {
      const build = async () => new api.OpenRouterKeys({ apiKey, baseUrl });
      const error = await failure(build, "InvalidArgumentError", "invalid_argument");
      equal(error.argument, "dangerouslyAllowBrowser");
    });
  }
  if (isUnderPolicy) {
    await check("the page's policy does not let a string become code", () => {
      let made;
      try {
        made = new Function("return 1")();
      } catch {
        // Refused, as expected.
      }
      equal(made, undefined);
    });
  }

  await check("list returns one page", async () => {
    const page = await keys.list();
    equal(page.data.length, 100);
    const next = await keys.list({ offset: LISTED - 1, includeDisabled: true });
    equal(next.data.length, 1);
  });
  await check("listAll returns each key once", async () => {
    const hashes = [];
    for await (const key of keys.listAll()) hashes.push(key.hash);
    equal(hashes.length, LISTED);
    equal(new Set(hashes).size, LISTED);
  });
  await check("getCurrentKeyMetadata describes the management key", async () => {
    const current = await keys.getCurrentKeyMetadata();
    equal(api.managesKeys(current), true);
    equal(current.isManagementKey, true);
  });

  let created;
  await check("create is resent after a 429, and returns the key", async () => {
    const params = { name: "Customer 42", limit: 25, limitReset: "monthly", expiresAt: new Date(Date.UTC(2099, 0, 1)) };
    const { data, response } = await keys.create(params, { retry: { throttledIntervalMs: 10 } }).withResponse();
    created = data;
    equal(response.status, 201);
    equal(response.attempts, 2);
    equal(/^sk-or-v1-[0-9a-f]{64}$/.test(created.key), true);
    equal(created.data.name, "Customer 42");
    equal(created.data.limit, 25);
    equal(created.data.limitReset, "monthly");
    equal(api.toDate(created.data.expiresAt).getTime(), Date.UTC(2099, 0, 1));
  });
  await check("printing a created key never shows the secret", () => {
    // An attached inspector receives more than is printed.
    if (isBrowser) console.log(created, { created }, keys);
    equal(shown(created).includes("Customer 42"), true);
    equal(shown(created).includes(created.key), false);
  });
  await check("the created key works, and manages no keys", async () => {
    const own = client({ apiKey: async () => created.key });
    equal((await own.getCurrentKeyMetadata()).label, created.data.label);
    await failure(() => own.list(), "ForbiddenError", "forbidden");
  });
  await check("get reads a key", async () => {
    const key = await keys.get(created.data.hash);
    equal(JSON.stringify(key), JSON.stringify(created.data));
  });
  await check("a name that shows a key is readable and never printed", async () => {
    const name = `of ${apiKey}`;
    const key = await keys.update(created.data.hash, { name });
    if (isBrowser) console.log(key, { key });
    equal(key.name, name);
    equal(shown(key).includes(key.hash), true);
    equal(shown({ deep: [key] }).includes(apiKey), false);
  });
  await check("update changes the given fields, clears by null and leaves the rest", async () => {
    const { hash } = created.data;
    const changed = await keys.update(hash, { name: "Grüße, 世界 🗝", limit: null, limitReset: undefined });
    equal(changed.name, "Grüße, 世界 🗝");
    equal(changed.limit, null);
    equal(changed.limitReset, "monthly");
    equal((await keys.update(hash, { disabled: true })).disabled, true);
  });
  await check("a newer API's fields are kept", async () => {
    const key = await keys.get(created.data.hash, fault("shape=newer"));
    equal(key.limitReset, "fortnightly");
    equal(JSON.stringify(key.extra), '{"emulator_mood":{"today":["sunny",null,1e+300]}}');
  });
  await check("delete removes the key", async () => {
    const gone = await keys.delete(created.data.hash);
    equal(gone.deleted, true);
    equal(gone.alreadyGone, false);
    await failure(() => keys.get(created.data.hash), "NotFoundError", "not_found");
  });

  await check("listAll with prefetch returns each key once, and reports its progress", async () => {
    let told;
    const onProgress = (progress) => {
      told = progress;
    };
    const listed = await keys.listAll({ prefetch: 3, exhaustive: true }, { onProgress }).toArray();
    equal(new Set(listed.map(({ hash }) => hash)).size, listed.length);
    equal(told.keys, listed.length);
  });
  await check("createReconciled creates one key with a marker, and sweep deletes it", async () => {
    const done = await keys.createReconciled({ name: WORKFLOWS, limit: 1 });
    equal(/^workflows #[0-9a-f]{32}$/.test(done.name), true);
    equal(shown(done).includes(done.created.key), false);
    const { deleted } = await keys.sweep({ names: [done.name] });
    equal(deleted.length, 1);
    equal(deleted[0].hash, done.created.data.hash);
  });
  await check("audit finds a key without a limit, and its table shows no secret", async () => {
    const open = await keys.create({ name: WORKFLOWS, limit: null });
    const { at, keys: audited, spend, table } = await keys.audit();
    const own = audited.find(({ key }) => key.hash === open.data.hash);
    equal(JSON.stringify(own.findings), '[{"kind":"no_limit"}]');
    equal(typeof at + typeof spend.monthly, "stringnumber");
    equal(table.includes("no limit") && !table.includes(open.key), true);
    await keys.delete(open.data.hash);
  });
  await check("temporary creates a key that expires, and close deletes it", async () => {
    const key = await keys.temporary({ name: WORKFLOWS, limit: 1, lifetimeMs: 3_600_000 });
    equal(/^workflows #temp-[0-9a-f]{32}$/.test(key.name), true);
    equal(Date.parse(key.data.expiresAt), Date.parse(key.expiresAt));
    equal(shown(key).includes(key.key), false);
    if (isBrowser) console.log(key);
    await key[Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]();
    const { deleted } = await keys.sweep({ temporary: true });
    equal(deleted.length, 0);
    await failure(() => keys.get(key.data.hash), "NotFoundError", "not_found");
  });
  await check("ensure creates a key once, and changes what differs", async () => {
    const first = await keys.ensure({ name: WORKFLOWS, limit: 1, settleMs: 0 });
    equal(first.outcome, "created");
    const second = await keys.ensure({ name: WORKFLOWS, limit: 2, settleMs: 0 });
    equal(JSON.stringify([second.outcome, second.changed, second.key.limit]), '["existing",["limit"],2]');
    await keys.delete(second.key.hash);
  });

  await check("rotate replaces a key with one of the same name, which findBySecret finds", async () => {
    const old = await keys.create({ name: WORKFLOWS, limit: 1 });
    const kept = [];
    const handler = { save: (state) => kept.push(state), handOver: ({ key }) => kept.push(key), wasHandedOver: () => false };
    const times = { graceMs: 0, quietMs: 0, watchMs: 0 };
    const done = await keys.rotate({ hash: old.data.hash, ...times }, handler);
    equal(done.outcome, "done");
    const secret = kept.find((one) => typeof one === "string");
    const found = await keys.findBySecret({ secret });
    equal(JSON.stringify([found.key.hash, found.key.name, found.key.limit]), JSON.stringify([done.new, WORKFLOWS, 1]));
    equal(JSON.stringify(kept.filter((one) => one !== secret)).includes(secret), false);
    await keys.delete(done.new);
  });
  await check("checkKey recognizes a management key", async () => {
    equal((await keys.checkKey("management")).isManagementKey, true);
    await failure(() => keys.checkKey("inference"), "WrongKeyKindError", "wrong_key_kind");
  });

  for (const [status, kind] of STATUSES) {
    await check(`status ${status} is ${kind}`, async () => {
      const codes = {
        400: "bad_request",
        401: "unauthorized",
        402: "payment_required",
        403: "forbidden",
        404: "not_found",
        409: "conflict",
        413: "payload_too_large",
        418: "other_status",
        429: "too_many_requests",
      };
      const error = await failure(() => keys.get(HASH, fault(`status=${status}`)), kind, codes[status] ?? "server");
      equal(error.status, status);
      equal(error.apiCode, status);
      equal(error.attempts, 1);
      equal(error.effect, "nothing");
    });
  }
  for (const [text, kind, codes] of FAILURES) {
    await check(`${text} is ${kind}`, async () => {
      const error = await failure(() => keys.list({}, fault(text)), kind, ...codes);
      equal(error.attempts, 1);
    });
  }
  await check("Retry-After is read where the server exposes it", async () => {
    const text = "status=429,retry-after=90,header=access-control-expose-headers: retry-after";
    const error = await failure(() => keys.list({}, fault(text)), "RateLimitError", "too_many_requests");
    equal(error.retryAfterMs, 90_000);
  });
  await check("a wrong key is UnauthorizedError", () =>
    failure(() => client({ apiKey: REFUSED_SECRET }).list(), "UnauthorizedError", "unauthorized"),
  );
  await check("a server that is not there is ConnectionError", async () => {
    const call = () => keys.create({ name: "nobody listens", limit: 1 }, { baseUrl: closedUrl, retry: false });
    await failure(call, "ConnectionError", "connect", "connection");
  });
  await check("an untrusted certificate is ConnectionError", async () => {
    const call = () => keys.create({ name: "not trusted", limit: 1 }, { baseUrl: untrustedUrl, retry: false });
    const error = await failure(call, "ConnectionError", "tls", "connection");
    equal(error.effect, error.code === "tls" ? "nothing" : "may_have_created");
  });
  await check("a response with oversized headers is ConnectionError", async () => {
    const call = () => keys.create({ name: "monstrous", limit: 1 }, { baseUrl: monstrousUrl });
    const error = await failure(call, "ConnectionError", "protocol", "connection");
    equal(error.effect, "may_have_created");
    equal(error.attempts, 1);
  });
  await check("a failing key function is CredentialsError with its cause", async () => {
    const sealed = new Error("the vault is sealed");
    const error = await failure(() => client({ apiKey: () => Promise.reject(sealed) }).list(), "CredentialsError", "credentials");
    equal(error.cause, sealed);
  });
  await check("a refused argument is InvalidArgumentError", async () => {
    const create = await failure(() => keys.create({ name: "no limit said" }), "InvalidArgumentError", "invalid_argument");
    equal(create.argument, "limit");
    const get = await failure(() => keys.get("../key"), "InvalidArgumentError", "invalid_argument");
    equal(get.argument, "hash");
  });
  await check("an offset beyond 2^53 - 1 is refused", async () => {
    const error = await failure(() => keys.list({ offset: 2 ** 53 }), "InvalidArgumentError", "invalid_argument");
    equal(error.argument, "offset");
  });
  await check("whatever a fetch rejects with is ConnectionError", async () => {
    for (const reason of [undefined, null, "a string", 7, Symbol("a symbol"), {}, new Error("an error"), Object.create(null)]) {
      const call = () => client({ fetch: () => Promise.reject(reason) }).create({ name: "rejected", limit: 1 });
      const error = await failure(call, "ConnectionError", "connection");
      equal(error.effect, "may_have_created");
    }
  });
  await check("a listing that does not advance is PaginationStalledError", async () => {
    const page = Array.from({ length: 100 }, (_, index) => ({ hash: String(index).padStart(64, "0") }));
    const text = `body=200 ${JSON.stringify({ data: page }).replaceAll(",", "\\,")}`;
    const error = await failure(() => keys.listAll({}, fault(text)).toArray(), "PaginationStalledError", "pagination_stalled");
    equal(error.offset > 0, true);
  });

  await check("a server that sends nothing is TimeoutError after timeoutMs", () =>
    failure(() => keys.get(HASH, fault(STALL, { timeoutMs: 200 })), "TimeoutError", "call_timeout", "attempt_timeout"),
  );
  await check("a body that stops is TimeoutError after timeoutMs", () =>
    failure(() => keys.list({}, fault("stall-body=10", { timeoutMs: 200 })), "TimeoutError", "call_timeout", "attempt_timeout"),
  );

  /** Ends with AbortError, whose cause is the reason. */
  async function aborted(call, reason) {
    const error = await failure(call, "AbortError", "aborted");
    equal(error.cause, typeof reason === "function" ? reason() : reason);
  }
  /** A fetch that aborts the signal, before or after the head of the response. */
  const aborting = (controller, reason, isAfterHead) => async (url, init) => {
    const response = fetch(url, init);
    if (isAfterHead) await response;
    controller.abort(reason);
    return response;
  };

  await check("a call is aborted before it starts", () => {
    const reason = new Error("never mind");
    return aborted(() => keys.list({}, { signal: AbortSignal.abort(reason) }), reason);
  });
  await check("a call is aborted while the request is in flight", () => {
    const [controller, reason] = [new AbortController(), { why: "the tab was closed" }];
    const { signal } = controller;
    return aborted(() => client({ fetch: aborting(controller, reason) }).list({}, fault(STALL, { signal })), reason);
  });
  await check("a call is aborted while the body is arriving", () => {
    const [controller, reason] = [new AbortController(), "a text"];
    const { signal } = controller;
    return aborted(() => client({ fetch: aborting(controller, reason, true) }).list({}, fault("stall-body=10", { signal })), reason);
  });
  await check("a call is aborted by a signal that times out", () => {
    const signal = AbortSignal.timeout(200);
    return aborted(() => keys.list({}, fault(STALL, { signal })), () => signal.reason);
  });
  await check("a call is aborted in the pause before the next attempt", () => {
    const signal = AbortSignal.timeout(500);
    const retry = { initialIntervalMs: 10_000, jitter: false };
    return aborted(() => keys.list({}, fault("status=503", { retry, signal })), () => signal.reason);
  });

  for (const [name, text] of [[BROKEN, "reset-after-commit"], ["response cut off", "truncate-chunked=10"]]) {
    await check(`a create whose response is lost reports that a key may exist, and is not resent: ${text}`, async () => {
      const options = { headers: { "x-emulator-fault": text } };
      const error = await failure(() => keys.create({ name, limit: 1 }, options), "ConnectionError", "disconnected", "connection");
      equal(error.effect, "may_have_created");
      equal(error.mayHaveCreated.name, name);
      equal(error.attempts, 1);
    });
  }
  await check("the client's connections work after all that", async () => {
    const names = (await keys.listAll().toArray()).map(({ name }) => name);
    equal(names.includes(BROKEN), true);
    equal(names.includes("Customer 42"), false);
  });
  await check("a disposed client refuses calls", async () => {
    const disposed = client();
    disposed.dispose();
    await failure(() => disposed.list(), "InvalidArgumentError", "invalid_argument");
  });
  await check("no error and no client shows a key", () => {
    for (const value of [keys, ...errors]) {
      const text = shown(value);
      for (const secret of [apiKey, created.key, REFUSED_SECRET]) {
        if (text.includes(secret)) throw new Error(`it is in ${text.replaceAll(secret, "<the key>")}`);
      }
    }
    equal(errors.every(api.isOpenRouterKeysError), true);
  });
}

function equal(actual, expected) {
  if (!Object.is(actual, expected)) throw new Error(`expected ${String(expected)}, got ${String(actual)}`);
}
