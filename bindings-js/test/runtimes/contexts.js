// Calls that begin in the same tick, each in its own async context, like a server's
// requests. Everything that the package calls must run in its caller's context.

const CALLERS = Array.from({ length: 5 }, (_, index) => `tenant-${index}`);
const STRANGER = "stranger";
const SEEDED = 130;
const PARAMS = { name: "Customer 42", limit: 1 };
const SECRET = "sk-or-v1-0e6000000000000000000000000000001c96";
const LABEL = "sk-or-v1-0e6...1c96";
const NO_TIME = { graceMs: 0, quietMs: 0, watchMs: 0 };

const hashOf = (number) => String(number).padStart(64, "0");
const keyOf = (caller) => `sk-or-v1-management-key-of-${caller}`;

/**
 * Uses the package's exports `api`, those of its testing module and the runtime's
 * AsyncLocalStorage. Each client gets `options`; `check` runs a check.
 */
export async function contexts(api, testing, { AsyncLocalStorage, options, check }) {
  const storage = new AsyncLocalStorage();
  const strays = [];

  /** Notes calls in another context than the caller's. */
  function belongs(what, caller) {
    const found = storage.getStore();
    if (found !== caller) strays.push(`${what} of ${caller} ran in the context of ${found}`);
  }

  /** Runs the work of each caller in the caller's context, all as soon as the same promise resolves. */
  async function together(work) {
    let go;
    const gate = new Promise((resolve) => {
      go = resolve;
    });
    const all = CALLERS.map((caller) =>
      storage.run(caller, async () => {
        await gate;
        await work(caller);
        belongs("the caller's own code", caller);
      }),
    );
    storage.run(STRANGER, go);
    await Promise.all(all);
    const found = strays.splice(0);
    if (found.length > 0) throw new Error(`${found.length} strays: ${[...new Set(found)].slice(0, 10).join("; ")}`);
  }

  /** A clock whose timers fire in a foreign context. */
  function clockOf(caller, clock) {
    return {
      now: () => (belongs("clock.now", caller), clock.now()),
      date: () => (belongs("clock.date", caller), clock.date()),
      setTimeout(callback, ms) {
        belongs("clock.setTimeout", caller);
        return storage.run(STRANGER, () => clock.setTimeout(callback, ms));
      },
      clearTimeout(timer) {
        belongs("clock.clearTimeout", caller);
        clock.clearTimeout(timer);
      },
    };
  }

  /** A response that arrives in chunks, with pauses between them. */
  function inPieces(caller, clock, response) {
    const reader = response.body.getReader();
    const body = new ReadableStream(
      {
        async pull(controller) {
          await new Promise((resolve) => storage.run(STRANGER, () => clock.setTimeout(resolve, 700)));
          const { done, value } = await reader.read();
          if (done) return controller.close();
          const half = value.length >> 1;
          for (const piece of [value.slice(0, half), value.slice(half)]) if (piece.length > 0) controller.enqueue(piece);
        },
      },
      { highWaterMark: 0 },
    );
    return { status: response.status, headers: response.headers, body };
  }

  /** A client of one caller, all of whose functions belong to the caller. */
  function ownClient(caller, clock, settings) {
    const fake = testing.fakeFetch(serverOf(testing), { clock });
    return new api.OpenRouterKeys({
      ...options,
      async apiKey() {
        belongs("apiKey", caller);
        await undefined;
        belongs("apiKey, later", caller);
        return keyOf(storage.getStore());
      },
      async fetch(url, init) {
        belongs("fetch", caller);
        init.signal?.addEventListener("abort", () => belongs("the abort of the request", caller));
        const { authorization } = init.headers;
        if (![keyOf(caller), SECRET].some((key) => authorization === `Bearer ${key}`)) strays.push(`${caller} sent ${authorization}`);
        const response = await fake(url, init);
        belongs("fetch, later", caller);
        return response.body === null ? response : inPieces(caller, clock, response);
      },
      clock: clockOf(caller, clock),
      ...settings,
    });
  }

  const handlerOf = (caller) => {
    const asked = (what, response) => async () => {
      belongs(what, caller);
      await undefined;
      belongs(`${what}, later`, caller);
      return response;
    };
    return { save: asked("save"), handOver: asked("handOver"), wasHandedOver: asked("wasHandedOver", true) };
  };

  const CALLS = {
    list: (keys) => keys.list(),
    create: (keys) => keys.create(PARAMS).withResponse(),
    get: (keys) => keys.get(hashOf(1)),
    update: (keys) => keys.update(hashOf(1), { disabled: true }),
    delete: (keys) => keys.delete(hashOf(2)),
    getCurrentKeyMetadata: (keys) => keys.getCurrentKeyMetadata(),
    listAll: (keys, caller) => keys.listAll({}, { onProgress: () => belongs("onProgress", caller) }).toArray(),
    "listAll with prefetch": async (keys, caller) => {
      const listing = keys.listAll({ prefetch: 3 }, { onProgress: () => belongs("onProgress", caller) });
      for await (const _ of listing) belongs("the body of the loop", caller);
    },
    createReconciled: (keys) => keys.createReconciled(PARAMS),
    ensure: (keys) => keys.ensure({ ...PARAMS, settleMs: 1000 }),
    temporary: async (keys) => {
      const key = await keys.temporary({ ...PARAMS, lifetimeMs: 3_600_000 });
      await key.close();
    },
    sweep: (keys) => keys.sweep({ temporary: true }),
    rotate: (keys, caller) => keys.rotate({ hash: hashOf(3), ...NO_TIME }, handlerOf(caller)),
    findBySecret: (keys) => keys.findBySecret({ secret: SECRET }),
    checkKey: (keys) => keys.checkKey("management"),
    audit: (keys) => keys.audit(),
  };

  for (const [name, call] of Object.entries(CALLS)) {
    await check(`${name} calls everything in its caller's context`, async () => {
      const shared = testing.virtualClock();
      await together((caller) => call(ownClient(caller, shared), caller));
    });
  }

  await check("a shared client creates each key in its caller's account", async () => {
    const clock = testing.virtualClock();
    const made = [];
    const server = serverOf(testing);
    const keys = new api.OpenRouterKeys({
      ...options,
      apiKey: async () => keyOf(storage.getStore()),
      fetch: testing.fakeFetch(
        (request) => {
          const reply = server(request);
          if (reply.status === 201) made.push([JSON.parse(request.body).name, request.headers.authorization]);
          return reply;
        },
        { clock },
      ),
      clock,
    });
    await together((caller) => keys.create({ name: caller, limit: 1 }));
    const wrong = made.filter(([name, authorization]) => authorization !== `Bearer ${keyOf(name)}`);
    if (made.length !== CALLERS.length || wrong.length > 0) throw new Error(`created ${made.length}, wrong: ${wrong.join("; ")}`);
  });

  await check("a call does not draw a call of another kind into its context", async () => {
    const clock = testing.virtualClock();
    const all = Object.values(CALLS);
    await together(async (caller) => {
      const turned = all.map((_, index) => all[(index + CALLERS.indexOf(caller)) % all.length]);
      await Promise.all(turned.map((call) => call(ownClient(caller, clock), caller)));
    });
  });

  await check("a call keeps its context across the runtime's own timers", () =>
    together((caller) => {
      const own = ownClient(caller, testing.virtualClock(), { clock: undefined, retry: { throttledIntervalMs: 1 } });
      return own.create(PARAMS);
    }),
  );

  await check("an abort from another context ends a call in the call's own context", () =>
    together(async (caller) => {
      const clock = testing.virtualClock({ autoAdvance: false });
      for (const name of ["create", "rotate", "listAll"]) {
        const controller = new AbortController();
        const keys = ownClient(caller, clock, { fetch: undefined, ...silent(caller) });
        const options = { signal: controller.signal };
        const call = {
          create: () => keys.create(PARAMS, options),
          rotate: () => keys.rotate({ hash: hashOf(3), ...NO_TIME }, handlerOf(caller), options),
          listAll: () => keys.listAll({}, options).toArray(),
        }[name]();
        await new Promise((resolve) => setTimeout(resolve, 5));
        storage.run(STRANGER, () => controller.abort(new Error("never mind")));
        const error = await call.then(() => undefined, (thrown) => thrown);
        if (error?.code !== "aborted") throw new Error(`${name}: ${error}`);
      }
    }),
  );

  /** A server that sends only the head of its response. */
  function silent(caller) {
    const body = () => new ReadableStream({ cancel: () => belongs("the cancel of the body", caller) });
    return {
      async fetch(url, init) {
        belongs("fetch", caller);
        init.signal?.addEventListener("abort", () => belongs("the abort of the request", caller));
        return { status: 200, headers: [], body: body() };
      },
    };
  }

  await check("a body that stalls ends in its call's context", () =>
    together(async (caller) => {
      const clock = testing.virtualClock();
      const keys = ownClient(caller, clock, { idleTimeoutMs: 500, retry: false, ...silent(caller) });
      const error = await keys.list().then(() => undefined, (thrown) => thrown);
      if (error?.code !== "idle_timeout") throw new Error(String(error));
    }),
  );

  await check("a listing keeps the context it began in, whoever iterates it", () =>
    together(async (caller) => {
      const clock = testing.virtualClock();
      const listing = ownClient(caller, clock).listAll({ prefetch: 2 }, { onProgress: () => belongs("onProgress", caller) });
      for (let count = 0; count < SEEDED; count++) await storage.run(STRANGER, () => listing.next());
      await storage.run(STRANGER, () => listing.return());
    }),
  );

  await check("a key function that makes a call itself keeps both contexts apart", () =>
    together(async (caller) => {
      const clock = testing.virtualClock();
      const inner = `${caller}-inside`;
      const own = storage.run(inner, () => ownClient(inner, clock));
      let nested;
      const apiKey = () => {
        belongs("apiKey", caller);
        nested = storage.run(inner, () => own.get(hashOf(1)));
        return keyOf(caller);
      };
      await ownClient(caller, clock, { apiKey }).list();
      await nested;
    }),
  );

  await check("a call does not wait for others that began with it", async () => {
    const clock = testing.virtualClock({ autoAdvance: false });
    const never = () => new Promise(() => {});
    const stuck = new api.OpenRouterKeys({ ...options, apiKey: never, clock, fetch: never });
    const keys = new api.OpenRouterKeys({ ...options, apiKey: keyOf("one"), clock, fetch: testing.fakeFetch([testing.listed([])]) });
    for (let count = 0; count < 100; count++) stuck.list().catch(() => {});
    const { data } = await keys.list();
    if (data.length !== 0) throw new Error("the wrong result");
  });
}

/** A server with some keys that refuses the first of identical requests. */
function serverOf(testing) {
  const keys = new Map();
  const add = (hash, fields) => keys.set(hash, testing.key({ hash, usage: 1, ...fields })).get(hash);
  for (let number = 0; number < SEEDED; number++) add(hashOf(number), { name: `key ${number}`, label: `sk-or-v1-abc...${number}` });
  const seen = new Set();
  let made = 0;
  return ({ method, path, body, headers }) => {
    const request = [method, path, headers.authorization].join(" ");
    if (!seen.has(request)) {
      seen.add(request);
      return testing.apiError(method === "POST" ? 429 : 503);
    }
    const { pathname, searchParams } = new URL(path, "https://openrouter.ai");
    const last = pathname.split("/").at(-1);
    if (last === "key") {
      const isMade = headers.authorization === `Bearer ${SECRET}`;
      return testing.current(isMade ? { label: LABEL, is_management_key: false, limit: 25, limit_reset: "monthly" } : {});
    }
    if (method === "POST") return testing.reply(201, { key: SECRET, data: add(hashOf(1_000 + made++), { ...JSON.parse(body), label: LABEL }) });
    if (last === "keys") {
      const offset = Number(searchParams.get("offset") ?? 0);
      return testing.listed([...keys.values()].slice(offset, offset + 100));
    }
    const key = keys.get(last);
    if (!key) return testing.apiError(404);
    if (method === "PATCH") Object.assign(key, JSON.parse(body));
    if (method !== "DELETE") return testing.found(key);
    keys.delete(last);
    return testing.deleted();
  };
}
