// What Node's own fetch publishes decides whether a failed create was sent. Nothing
// uncertain may count as "not sent": a second key would be created.

import assert from "node:assert/strict";
import diagnostics from "node:diagnostics_channel";
import { EventEmitter, once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { connect, createServer as createTlsServer } from "node:tls";

import { OpenRouterKeys } from "../../npm/index.js";
import { selfSigned } from "../runtimes/certificate.mjs";
import { API_KEY, clientOver, failureOf, PARAMS } from "./harness.mjs";

const publish = (name, message) => diagnostics.channel(name).publish(message);
const PATH = "/api/v1/keys";
/** A request like undici's, and what undici publishes about it. */
class Request {
  method = "POST";
  path = PATH;
  body = {};
  abort = null;

  constructor(fields) {
    Object.assign(this, fields);
  }

  create() {
    publish("undici:request:create", { request: this });
    return this;
  }

  write(socket = {}) {
    this.abort = () => {};
    publish("undici:client:sendHeaders", { request: this, headers: "", socket });
    return this;
  }

  /** Over HTTP/2, on a stream of this session. */
  open(session, id, headers = { ":path": this.path }) {
    this.write({ alpnProtocol: "h2" });
    this.stream = { id, session, rstCode: 0 };
    publish("http2.client.stream.created", { stream: this.stream, headers });
    return this;
  }

  reset(code) {
    this.stream.rstCode = code;
    return this;
  }
}

/** A client over a fetch that publishes like undici, and counts how often it is called. */
function over(act, code = "ECONNRESET") {
  let calls = 0;
  const fetch = async (_, { signal }) => {
    calls++;
    const aborted = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    aborted.catch(() => {});
    const cause = Object.assign(new Error(code), { code });
    for (const request of [await Promise.race([act(), aborted])].flat()) {
      if (request) publish("undici:request:error", { request, error: cause });
    }
    throw new TypeError("fetch failed", { cause });
  };
  Object.defineProperty(fetch, Symbol.for("openrouter-keys.fetch.direct"), { value: true });
  const { keys } = clientOver([], { fetch });
  return { keys, calls: () => calls };
}

async function isAmbiguous(act, code) {
  const { keys, calls } = over(act, code);
  const error = await failureOf(keys.create(PARAMS));
  assert.equal(error.effect, "may_have_created");
  assert.equal(calls(), 1);
  return error;
}

async function isSentAgain(act, code) {
  const { keys, calls } = over(act, code);
  const error = await failureOf(keys.create(PARAMS));
  assert.equal(error.effect, "nothing");
  assert.equal(calls(), 3);
  assert.equal(error.attempts, 3);
  return error;
}

test("a create whose request never got a connection is resent, whatever code it fails with", async () => {
  assert.equal((await isSentAgain(() => new Request().create())).code, "connect");
});

test("a create whose request begins later, after others, is recognized by its error", () =>
  isSentAgain(async () => {
    await undefined;
    return new Request().create();
  }));

test("a proxy's own requests do not count as the create's", () =>
  isSentAgain(() => {
    const request = new Request().create();
    const tunnel = new Request({ method: "CONNECT", path: "127.0.0.1:443" }).create().write();
    return [request, tunnel];
  }));

test("a create that was written may exist, even if its last failure is a refused connection", () =>
  isAmbiguous(() => new Request().create().write(), "ECONNREFUSED"));

test("a create that got a connection may exist, even if sending its headers was not published", () =>
  isAmbiguous(() => {
    const request = new Request().create();
    request.abort = () => {};
    return request;
  }, "ECONNREFUSED"));

test("a create that a dispatcher resends may exist once any of its requests was written", () =>
  isAmbiguous(async () => {
    const { body } = new Request().create().write();
    await undefined;
    return new Request({ body }).create();
  }, "ECONNREFUSED"));

test("a create that a dispatcher resends in another form may exist once it was written", async () => {
  const lost = (request) => publish("undici:request:error", { request, error: new Error("lost on the way") });
  await isAmbiguous(async () => {
    lost(new Request().create().write());
    await undefined;
    return new Request().create();
  }, "ECONNREFUSED");
  await isAmbiguous(async () => {
    await undefined;
    lost(new Request().create().write());
    return new Request().create();
  }, "ECONNREFUSED");
});

test("of several requests that fail with one error, the one that got furthest counts", () =>
  isAmbiguous(async () => {
    const first = new Request().create();
    await undefined;
    return [first, new Request().create().write()];
  }, "ECONNREFUSED"));

test("without a published request, only a create's error code counts", async () => {
  await isAmbiguous(() => {});
  await isAmbiguous(() => new Request({ path: "/log" }).create());
  await isAmbiguous(() => new Request({ method: "GET" }).create());
  await isSentAgain(() => {}, "ECONNREFUSED");
});

test("messages that a platform publishes in another form are ignored", async () => {
  await isAmbiguous(() => publish("undici:request:create", undefined));
  await isAmbiguous(() => publish("undici:request:create", { request: null }));
  await isAmbiguous(() => new Request({ abort: undefined }).create());
  await isAmbiguous(() => new Request({ body: null }).create());
});

test("creates in progress at the same time are told apart", async () => {
  let resolve;
  const written = new Promise((resolved) => (resolve = resolved));
  const one = over(async () => {
    const request = new Request().create();
    await written;
    return request;
  });
  const other = over(() => {
    resolve();
    return new Request().create().write();
  });
  const [unsent, sent] = await Promise.all([failureOf(one.keys.create(PARAMS, { retry: false })), failureOf(other.keys.create(PARAMS))]);
  assert.deepEqual([unsent.effect, sent.effect], ["nothing", "may_have_created"]);
});

/** How a create ends if it is aborted when its request, and those of others, got this far. */
let acting;
const { keys: oneByOne } = over(() => acting());

/** Always over the same fetch: once it has published something, later silence counts. */
async function abortedAfter(act) {
  const controller = new AbortController();
  acting = async () => {
    await act();
    controller.abort();
    await new Promise(() => {});
  };
  return (await failureOf(oneByOne.create(PARAMS, { signal: controller.signal }))).effect;
}

test("an abort created nothing only if no request that may be the create's was written", async () => {
  const DISPATCHER = Symbol.for("undici.globalDispatcher.2");
  const original = globalThis[DISPATCHER];
  const later = (...fields) => async () => {
    await undefined;
    return fields.map((more) => new Request(more).create());
  };
  globalThis[DISPATCHER] = {};
  try {
    assert.equal(await abortedAfter(() => {}), "may_have_created", "nothing is known yet");
    assert.equal(await abortedAfter(later({}, {})), "may_have_created", "they may be anybody's");
    assert.equal(await abortedAfter(() => void new Request().create().write()), "may_have_created");
    assert.equal(await abortedAfter(() => void new Request().create()), "nothing");
    // From now on it is known that this dispatcher publishes.
    assert.equal(await abortedAfter(() => {}), "nothing", "it waits behind another");
    assert.equal(await abortedAfter(later({}, {})), "nothing");
    assert.equal(await abortedAfter(later({ path: "/log" })), "nothing");
    assert.equal(await abortedAfter(async () => (await later({}, {})())[1].write()), "may_have_created");
    assert.equal(await abortedAfter(async () => ((await later({}, {})())[1].abort = () => {})), "may_have_created");
    globalThis[DISPATCHER] = {};
    assert.equal(await abortedAfter(() => {}), "may_have_created", "another dispatcher may not publish");
  } finally {
    globalThis[DISPATCHER] = original;
  }
});

const session = () => new EventEmitter();

test("what one fetch publishes proves nothing about another", async () => {
  const DISPATCHER = Symbol.for("undici.globalDispatcher.2");
  const original = globalThis[DISPATCHER];
  globalThis[DISPATCHER] = {};
  try {
    await failureOf(over(() => new Request().create().write()).keys.create(PARAMS));
    for (const mark of [false, true]) {
      // It sends in its own way and publishes nothing.
      let calls = 0;
      const fetch = (_, { signal }) => {
        calls++;
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      };
      Object.defineProperty(fetch, Symbol.for("openrouter-keys.fetch.direct"), { value: mark });
      const error = await failureOf(clientOver([], { fetch }).keys.create(PARAMS, { timeoutMs: 1_000 }));
      assert.equal(error.effect, "may_have_created");
      assert.equal(calls, 1);
    }
  } finally {
    globalThis[DISPATCHER] = original;
  }
});

test("a create whose response has begun was sent, whatever is published", async () => {
  const DISPATCHER = Symbol.for("undici.globalDispatcher.2");
  const original = globalThis[DISPATCHER];
  globalThis[DISPATCHER] = {};
  try {
    const SECRET = "sk-or-v1-0e6aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1c96";
    let body;
    let begun;
    let calls = 0;
    const fetch = async () => {
      // The dispatcher publishes its first request, and sends the others in another way.
      if (++calls === 1) {
        new Request().create().write();
        throw new TypeError("fetch failed");
      }
      const stream = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode(body)) });
      begun();
      return new Response(stream, { status: 201 });
    };
    Object.defineProperty(fetch, Symbol.for("openrouter-keys.fetch.direct"), { value: true });
    const { keys } = clientOver([], { fetch });
    await failureOf(keys.create(PARAMS));
    const aborted = async () => {
      const controller = new AbortController();
      begun = () => setTimeout(() => controller.abort(), 5);
      return keys.create(PARAMS, { signal: controller.signal });
    };
    body = "{";
    assert.equal((await failureOf(aborted())).effect, "may_have_created");
    body = `{"key":"${SECRET}","data":{}`;
    assert.equal((await aborted()).key, SECRET);
  } finally {
    globalThis[DISPATCHER] = original;
  }
});

test("a create whose HTTP/2 stream is above the last one of an orderly GOAWAY is resent", async () => {
  const error = await isSentAgain(() => {
    const of = session();
    const request = new Request().create().open(of, 5);
    of.emit("goaway", 0, 3);
    return request;
  });
  assert.equal(error.code, "refused");
});

test("a create whose HTTP/2 stream the server refused is resent", () =>
  isSentAgain(() => new Request().create().open(session(), 5).reset(7)));

test("a create on an HTTP/2 session that ends any other way may exist", async () => {
  const goaway = (code, last, id = 5, reset = 0) => () => {
    const of = session();
    const request = new Request().create().open(of, id);
    of.emit("goaway", code, last);
    return request.reset(reset);
  };
  await isAmbiguous(goaway(0, 5));
  await isAmbiguous(goaway(0, 2 ** 31 - 1));
  await isAmbiguous(goaway(2, 3));
  await isAmbiguous(goaway(0, 3, null));
  // The code of the session becomes that of its streams.
  await isAmbiguous(goaway(7, 5, 5, 7));
  await isAmbiguous(() => new Request().create().open(session(), 5).reset(8));
});

test("a create with an unknown HTTP/2 stream may exist", async () => {
  await isAmbiguous(() => new Request().create().write({ alpnProtocol: "h2" }));
  await isAmbiguous(() => new Request().create().open(session(), 5, { ":path": "/other" }));
  await isAmbiguous(() => new Request().create().open(session(), 5).reset(7).write({ alpnProtocol: "h2" }));
});

test("nothing listens to the platform once no create is in progress", async () => {
  const names = ["undici:request:create", "undici:client:sendHeaders", "http2.client.stream.created", "undici:request:error"];
  const listened = () => names.filter((name) => diagnostics.channel(name).hasSubscribers);
  await isAmbiguous(() => assert.deepEqual(listened(), names));
  assert.deepEqual(listened(), []);
  const { keys } = over(() => assert.deepEqual(listened(), []));
  await failureOf(keys.list());
});

/** A server whose TLS handshake waits for a signal, and the requests that reach it. */
async function withSlowHandshake(use) {
  const requests = [];
  const behind = createTlsServer(selfSigned(), (socket) => socket.on("data", (data) => requests.push(String(data))).on("error", () => {}));
  const front = createServer((socket) => {
    socket.on("error", () => {}).pause();
    waiting.push(() => {
      behind.emit("connection", socket);
      socket.resume();
    });
    connected.resolve();
  });
  const waiting = [];
  const connected = {};
  connected.promise = new Promise((resolve) => (connected.resolve = resolve));
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  try {
    await use({
      baseUrl: `https://127.0.0.1:${front.address().port}/api/v1`,
      connected: connected.promise,
      letGo: () => waiting.splice(0).forEach((go) => go()),
      requests,
      done: () => once(behind, "secureConnection"),
    });
  } finally {
    front.close();
    behind.close();
  }
}

test("a create aborted during the TLS handshake was not sent, and is not sent when the handshake ends", { timeout: 20_000 }, () =>
  withSlowHandshake(async ({ baseUrl, connected, letGo, requests }) => {
    const keys = new OpenRouterKeys({ apiKey: API_KEY, baseUrl });
    const controller = new AbortController();
    const failing = failureOf(keys.create(PARAMS, { signal: controller.signal }));
    await connected;
    controller.abort();
    const error = await failing;
    assert.equal(error.code, "aborted");
    assert.equal(error.effect, "nothing");
    letGo();
    // The handshake ends, successfully or not, before another one to the same server.
    const probe = connect({ port: Number(new URL(baseUrl).port), host: "127.0.0.1", rejectUnauthorized: false });
    probe.on("error", () => {});
    await once(probe, "connect");
    await new Promise((resolve) => setImmediate(resolve));
    letGo();
    await once(probe, "secureConnect");
    probe.destroy();
    assert.deepEqual(requests, []);
  }));

test("a time limit during the TLS handshake is followed by another attempt", { timeout: 20_000 }, () =>
  withSlowHandshake(async ({ baseUrl, requests }) => {
    const keys = new OpenRouterKeys({ apiKey: API_KEY, baseUrl, attemptTimeoutMs: 100, retry: { maxAttempts: 2, initialIntervalMs: 0 } });
    const error = await failureOf(keys.create(PARAMS));
    assert.deepEqual([error.code, error.effect, error.attempts, error.isRetryable], ["attempt_timeout", "nothing", 2, true]);
    assert.deepEqual(requests, []);
  }));
