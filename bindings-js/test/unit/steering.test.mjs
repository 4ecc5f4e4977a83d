// What a framework throws through its fetch to control rendering gets back to it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { created, listed, rejection } from "../../npm/testing.js";
import { clientOver, failureOf, OPERATIONS, PARAMS } from "./harness.mjs";

const digest = (text) => Object.assign(new Error(`signal ${text}`), { digest: text });

/** As Next.js 13 to 16 and React throw them. */
const SIGNALS = {
  "a dynamic server usage": digest("DYNAMIC_SERVER_USAGE"),
  "a bailout to client-side rendering": digest("BAILOUT_TO_CLIENT_SIDE_RENDERING"),
  "a redirect": digest("NEXT_REDIRECT;replace;/login;307;"),
  "a not-found": digest("NEXT_NOT_FOUND"),
  "an HTTP fallback": digest("NEXT_HTTP_ERROR_FALLBACK;404"),
  "an interrupted prerender": digest("NEXT_PRERENDER_INTERRUPTED"),
  "a promise that hangs": digest("HANGING_PROMISE_REJECTION"),
  "a failed static generation": Object.assign(new Error("no-store fetch"), { code: "NEXT_STATIC_GEN_BAILOUT" }),
  "a postponed render": { $$typeof: Symbol.for("react.postpone"), message: "postponed" },
  "a promise to wait for": new Promise(() => {}),
  "a frozen signal": Object.freeze(digest("DYNAMIC_SERVER_USAGE")),
};

for (const [name, signal] of Object.entries(SIGNALS)) {
  test(`${name} reaches the framework unchanged, after one request`, async () => {
    const calls = {
      ...OPERATIONS,
      listAll: (keys) => keys.listAll().toArray(),
      iteration: async (keys) => {
        for await (const _ of keys.listAll());
      },
      withResponse: (keys) => keys.list().withResponse(),
      createReconciled: (keys) => keys.createReconciled(PARAMS),
      ensure: (keys) => keys.ensure({ ...PARAMS, settleMs: 0 }),
      sweep: (keys) => keys.sweep({ temporary: true }),
      audit: (keys) => keys.audit(),
      checkKey: (keys) => keys.checkKey("management"),
      temporary: (keys) => keys.temporary({ ...PARAMS, lifetimeMs: 60_000 }),
    };
    for (const [call, run] of Object.entries(calls)) {
      const { keys, fetch } = clientOver([rejection(signal), created("sk-or-v1-second"), listed([])]);
      // In an object: a promise would be awaited.
      const thrown = await run(keys).then(
        () => assert.fail(`${call} should have failed`),
        (error) => ({ error }),
      );
      assert.equal(thrown.error, signal, call);
      assert.equal(fetch.requests.length, 1, call);
    }
  });
}

test("a signal from a function around fetch, or from the key function, reaches the framework too", async () => {
  const signal = SIGNALS["a redirect"];
  const fail = async () => {
    throw signal;
  };
  assert.equal(await failureOf(clientOver([], { fetch: fail }).keys.create(PARAMS)), signal);
  const { keys, fetch } = clientOver([], { apiKey: fail });
  assert.equal(await failureOf(keys.create(PARAMS)), signal);
  assert.equal(fetch.requests.length, 0);
});

test("an error that only looks like a signal is an ordinary failure", async () => {
  const hash = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
  for (const thrown of [digest(hash), digest("DEADBEEF00"), digest("1234567890"), Object.assign(new Error("no"), { digest: 5 }), Object.assign(new Error("no"), { code: "ENEXT" }), Object.assign(new Error("no"), { then: true })]) {
    const { keys } = clientOver([rejection(thrown)]);
    assert.equal((await failureOf(keys.create(PARAMS))).effect, "may_have_created");
  }
});
