// Whatever a fetch function does, the call settles with a typed error and the
// client still works.

import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";

import { ConnectionError, OpenRouterKeysError, UnreadableResponseError } from "../../npm/index.js";
import { created, listed, rejection } from "../../npm/testing.js";
import { clientOver, failureOf, OPERATIONS, PARAMS } from "./harness.mjs";

const aborted = () => {
  const controller = new AbortController();
  controller.abort("a reason of the user's");
  return controller.signal.reason;
};

const trap = () => {
  throw new Error("a trap");
};

const THROWN = {
  "a string": "no network",
  "an empty string": "",
  undefined: undefined,
  null: null,
  "a number": 5,
  "a symbol": Symbol("no"),
  "a function": () => {},
  "an object": { message: 5, code: {} },
  "an object without a prototype": Object.create(null),
  "a frozen error": Object.freeze(new Error("frozen")),
  "an error of another realm": runInNewContext("new TypeError('from another realm')"),
  "a DOMException": new DOMException("no", "NetworkError"),
  "the reason of an abort": aborted(),
  "an error that is its own cause": (() => {
    const error = new Error("round and round");
    error.cause = error;
    return error;
  })(),
  "an object whose getters throw": Object.defineProperties({}, { message: { get: trap }, code: { get: trap }, cause: { get: trap } }),
  "a proxy that is its own prototype": (() => {
    const proxy = new Proxy({}, { getPrototypeOf: () => proxy });
    return proxy;
  })(),
  "a proxy that throws": new Proxy({}, { get: trap, has: trap, getPrototypeOf: trap }),
};

const RETURNED = {
  undefined: undefined,
  null: null,
  "a string": "200 OK",
  "an empty object": {},
  "an object whose status is a string": { status: "200" },
  "an object with an invalid status": { status: 42, headers: {} },
  "an object whose status is valid only modulo 2^16": { status: 65_736, text: async () => "{}" },
  "an object whose status is not a whole number": { status: 200.5, text: async () => "{}" },
  "an object whose getters throw": Object.defineProperty({}, "status", { get: trap }),
  "a body that throws": { status: 200, headers: {}, arrayBuffer: trap },
  "invalid headers": { status: 200, headers: { "not a name": "x" }, text: async () => "{}" },
  "a body that was read": (() => {
    const response = new Response("{}");
    response.text();
    return response;
  })(),
};

/** Every operation fails as it should, and the client's next call succeeds. */
async function failsWell(why, fail) {
  for (const [operation, call] of Object.entries(OPERATIONS)) {
    let isBroken = true;
    const { keys, fetch: sound } = clientOver([listed([])], {
      fetch: (url, init) => (isBroken ? fail() : sound(url, init)),
    });
    const error = await failureOf(call(keys, { retry: false }));
    assert.ok(error instanceof OpenRouterKeysError, `${operation}, ${why}: ${error}`);
    assert.equal(error.operation, operation);
    assert.equal(error.attempts, 1, `${operation}, ${why}`);
    assert.equal(error.mayHaveCreated?.name, operation === "create" ? PARAMS.name : undefined, `${operation}, ${why}`);
    if (operation === "create") assert.equal(error.isRetryable, false, why);
    isBroken = false;
    assert.deepEqual((await keys.list()).data, []);
  }
}

for (const [why, thrown] of Object.entries(THROWN)) {
  test(`a fetch that rejects with ${why} ends the call with a typed error`, async () => {
    await failsWell(`rejects with ${why}`, () => Promise.reject(thrown));
  });

  test(`a fetch that throws ${why} ends the call with a typed error`, async () => {
    await failsWell(`throws ${why}`, () => {
      throw thrown;
    });
  });
}

for (const [why, returned] of Object.entries(RETURNED)) {
  test(`a fetch that returns ${why} ends the call with a typed error`, async () => {
    await failsWell(`returns ${why}`, () => returned);
  });
}

test("a fetch that resolves with a thenable that never settles ends by the time limit", async () => {
  const { keys } = clientOver([], { fetch: () => ({ then() {} }), retry: false });
  const error = await failureOf(keys.create(PARAMS));
  assert.equal(error.code, "attempt_timeout");
  assert.equal(error.mayHaveCreated.name, PARAMS.name);
});

test("a plain object that looks like a Response is accepted", async () => {
  const json = { data: [] };
  const text = JSON.stringify(json);
  const bodies = [
    () => ({ json: async () => json }),
    () => ({ text: async () => text }),
    () => ({ arrayBuffer: async () => new TextEncoder().encode(text).buffer }),
    () => ({ body: text }),
    () => ({ body: new Response(text).body }),
  ];
  for (const body of bodies) {
    for (const headers of [{ "x-request-id": "req-1" }, new Headers({ "x-request-id": "req-1" }), [["x-request-id", "req-1"]], undefined]) {
      const { keys } = clientOver([], { fetch: async () => ({ status: 200, headers, ...body() }) });
      const { data, response } = await keys.list().withResponse();
      assert.deepEqual(data.data, []);
      assert.equal(response.requestId, headers && "req-1");
    }
  }
});

test("an object without a body is an empty response", async () => {
  const { keys } = clientOver([], { fetch: () => ({ status: 200 }) });
  const error = await failureOf(keys.list());
  assert.ok(error instanceof UnreadableResponseError);
  assert.deepEqual(error.unreadable, { path: "$", kind: "empty" });
});

test("a create whose fetch rejects without an informative code is sent once", async () => {
  for (const thrown of Object.values(THROWN)) {
    const { keys, fetch } = clientOver([rejection(thrown), created("sk-or-v1-doubled")]);
    const error = await failureOf(keys.create(PARAMS));
    assert.ok(error instanceof ConnectionError);
    assert.equal(error.effect, "may_have_created");
    assert.equal(fetch.requests.length, 1);
  }
});

test("the last of a chain of causes decides whether the request was sent", async () => {
  const inner = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  const thrown = new TypeError("fetch failed", { cause: new AggregateError([], "all failed", { cause: inner }) });
  const { keys, fetch } = clientOver([rejection(thrown), created("sk-or-v1-second")]);
  assert.equal((await keys.create(PARAMS)).key, "sk-or-v1-second");
  assert.equal(fetch.requests.length, 2);
});

test("a create whose response cannot be read is sent once, whatever code its body fails with", async () => {
  const fail = () => {
    throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  };
  const responses = [
    ...["arrayBuffer", "text", "json"].map((method) => ({ status: 201, [method]: async () => fail() })),
    Object.defineProperty({}, "status", { get: fail }),
    Object.defineProperty({ status: 201 }, "body", { get: fail }),
    new Proxy(new Response("{}"), { getPrototypeOf: fail, get: (_, name) => name !== "then" && fail() }),
    new Response(new ReadableStream({ pull: fail }), { status: 201 }),
  ];
  for (const response of responses) {
    let sent = 0;
    const fetch = async () => {
      sent += 1;
      return response;
    };
    // Otherwise no code would be trusted anyway.
    Object.defineProperty(fetch, Symbol.for("openrouter-keys.fetch.direct"), { value: true });
    const { keys } = clientOver([], { fetch });
    const error = await failureOf(keys.create(PARAMS));
    assert.equal(error.effect, "may_have_created");
    assert.equal(sent, 1);
  }
});

const failed = (cause) => new TypeError("fetch failed", { cause });
const coded = (code, more) => failed(Object.assign(new Error(`${more?.syscall ?? ""} ${code}`), { code, ...more }));
const inDeno = (text) => failed(new Error(`error sending request for url (https://127.0.0.1:1/api/v1/keys): ${text}`));

/** What a runtime's own fetch rejects with if nothing can have been sent, and the error's code. */
const UNSENT = {
  "Node without free file descriptors": [coded("EMFILE", { syscall: "connect" }), "connect"],
  "Node without an address": [coded("EADDRNOTAVAIL", { syscall: "connect" }), "connect"],
  "Node behind a firewall": [coded("EPERM", { syscall: "connect" }), "connect"],
  "Node reset while it connects": [coded("ECONNRESET", { syscall: "connect" }), "connect"],
  "Node without a name server": [coded("EAI_FAIL", { syscall: "getaddrinfo" }), "dns"],
  "Node whose server closes in the handshake": [
    failed(Object.assign(new Error("Client network socket disconnected before secure TLS connection was established"), { code: "ECONNRESET" })),
    "connect",
  ],
  "Node behind a proxy that refuses": [
    failed(new Error("Request was cancelled.", { cause: Object.assign(new Error("Proxy response (403) !== 200 when HTTP Tunneling"), { code: "UND_ERR_ABORTED" }) })),
    "proxy",
  ],
  "Bun behind a proxy that refuses": [Object.assign(new Error("Proxy refused to open a tunnel: 502 No"), { status: 502 }), "proxy"],
  "Deno that cannot connect": [inDeno("client error (Connect): tcp connect error: Connection refused (os error 111)"), "connect"],
  "Deno without free file descriptors": [inDeno("client error (Connect): tcp open error: Too many open files (os error 24)"), "connect"],
  "Deno without a name": [inDeno("client error (Connect): dns error: failed to lookup address information"), "dns"],
  "Deno behind a proxy that refuses": [inDeno("client error (Connect): unsuccessful tunnel"), "proxy"],
  "Deno whose stream was refused": [failed(new Error("stream error received: refused stream before processing any application logic")), "refused"],
  "Deno whose session ended in order": [failed(new Error("connection error received: not a result of an error")), "refused"],
};

/** The same, where a repetition would end alike. */
const UNSENT_FOR_GOOD = {
  "Node on a blocked port": [failed(new Error("bad port")), "setup"],
  "Node without permission to connect": [coded("ERR_ACCESS_DENIED", { syscall: "connect" }), "setup"],
  "Node without permission to look names up": [coded("ERR_ACCESS_DENIED", { syscall: "getaddrinfo" }), "setup"],
  "Node with a header that it refuses": [failed(Object.assign(new Error("expect header not supported"), { code: "UND_ERR_NOT_SUPPORTED" })), "setup"],
  "Node behind a proxy that rejects its credentials": [failed(new Error("Proxy response (407) !== 200 when HTTP Tunneling")), "proxy"],
  "Bun behind a proxy that rejects its credentials": [Object.assign(new Error("Proxy refused to open a tunnel: 407 No"), { status: 407 }), "proxy"],
  "Deno behind a proxy that rejects its credentials": [inDeno("client error (Connect): proxy authorization required"), "proxy"],
  "Deno on a blocked port": [new TypeError("Fetch failed: Requests to port 6000 are blocked"), "setup"],
  "Deno without permission": [Object.assign(new Error('Requires net access to "127.0.0.1:1", run again with the --allow-net flag'), { name: "NotCapable" }), "setup"],
  "Deno without permission for an address": [inDeno('client error (Connect): Requires net access to "127.0.0.1:1"'), "setup"],
  "Deno with another certificate": [inDeno("client error (Connect): invalid peer certificate: UnknownIssuer"), "tls"],
  "Deno on a port without TLS": [inDeno("client error (Connect): received corrupt message of type InvalidContentType"), "tls"],
};

/** Errors that look like one of these, but whose request may have arrived. */
const MAY_BE_SENT = {
  "a permission for something else": coded("ERR_ACCESS_DENIED", { syscall: "open" }),
  "a reset without more": coded("ECONNRESET", { syscall: "read" }),
  "Bun's failed TLS, of a connection in use too": Object.assign(new TypeError("EPROTO: The TLS handshake failed."), { code: "EPROTO" }),
  "Deno that sent": inDeno("client error (SendRequest): connection closed before message completed"),
  "Deno's words in what a server sent": failed(new Error("error sending request from 127.0.0.1:2 for https://a (b): client error (SendRequest): x): client error (Connect): y")),
  "an alert after the handshake": failed(new Error("received fatal alert: CertificateRequired")),
  "another end of the session": failed(new Error("connection error received: unexpected internal error encountered")),
};

test("a create is resent after a failure that a runtime reports only if nothing was sent", async () => {
  for (const [why, [thrown, code]] of Object.entries(UNSENT)) {
    const { keys, fetch } = clientOver([rejection(thrown), created("sk-or-v1-second")]);
    assert.equal((await keys.create(PARAMS)).key, "sk-or-v1-second", why);
    assert.equal(fetch.requests.length, 2, why);
    const error = await failureOf(clientOver([rejection(thrown)]).keys.create(PARAMS, { retry: false }));
    assert.deepEqual([error.code, error.effect, error.isRetryable], [code, "nothing", true], why);
  }
});

test("a create that a runtime refuses to send is not resent, and created nothing", async () => {
  for (const [why, [thrown, code]] of Object.entries(UNSENT_FOR_GOOD)) {
    const { keys, fetch } = clientOver([rejection(thrown), created("sk-or-v1-second")]);
    const error = await failureOf(keys.create(PARAMS));
    assert.deepEqual([error.code, error.effect, error.isRetryable], [code, "nothing", false], why);
    assert.equal(fetch.requests.length, 1, why);
  }
});

test("a failure that can also happen after a create was sent is ambiguous", async () => {
  for (const [why, thrown] of Object.entries(MAY_BE_SENT)) {
    const error = await failureOf(clientOver([rejection(thrown)]).keys.create(PARAMS));
    assert.equal(error.effect, "may_have_created", why);
  }
});
