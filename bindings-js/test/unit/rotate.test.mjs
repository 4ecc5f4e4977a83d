// Rotating a key, and finding one by its secret, from JavaScript.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Created, InvalidArgumentError, isNewKey, RotationHandlerError, SeveralKeysError, Stop, UnverifiedError, WrongKeyKindError } from "../../npm/index.js";
import { apiError, current, deleted, key, listed, reply } from "../../npm/testing.js";
import { clientOver, everythingShown, failureOf, HASH } from "./harness.mjs";

const SECRET = "sk-or-v1-0e6000000000000000000000000001c96";
const LABEL = "sk-or-v1-0e6...1c96";
const NEW = "c".repeat(64);
const NO_TIME = { graceMs: 0, quietMs: 0, watchMs: 0 };

/** A server with the old key and, once created, the new one. */
function server(react = () => undefined) {
  const old = key({ hash: HASH, name: "production", limit: 25, limit_reset: null, disabled: false, usage: 1 });
  const state = { [HASH]: old, requests: [] };
  const response = (request) => {
    const { method, url, body } = request;
    const { pathname } = new URL(url);
    const hash = pathname.split("/").at(-1);
    state.requests.push(`${method} ${hash}`);
    const other = react(request, state);
    if (other) return other;
    if (hash === "key") return current({ label: LABEL, limit: 25, limit_reset: null, is_management_key: false });
    if (method === "POST") {
      state[NEW] = key({ ...JSON.parse(body), hash: NEW, label: LABEL });
      return reply(201, { key: SECRET, data: state[NEW] });
    }
    if (hash === "keys") return listed([]);
    if (!state[hash]) return apiError(404);
    if (method === "DELETE") {
      delete state[hash];
      return deleted();
    }
    if (method === "PATCH") Object.assign(state[hash], JSON.parse(body));
    return reply(200, { data: state[hash] });
  };
  return { ...clientOver(response), state };
}

/** A handler that keeps everything as JSON, as a program would. */
function vault(overrides = {}) {
  const kept = { states: [], secrets: [] };
  return {
    kept,
    save(state) {
      kept.states.push(JSON.stringify(state));
    },
    async handOver(created) {
      assert.ok(created instanceof Created);
      kept.secrets.push(created.key);
    },
    wasHandedOver: (state) => kept.secrets.some((secret) => isNewKey(state, secret)),
    ...overrides,
  };
}

const stepsOf = ({ kept }) => kept.states.map((text) => JSON.parse(text).step);

test("a rotation hands the new key over and leaves it alone, under the old name", async () => {
  const { keys, state } = server();
  const handler = vault();
  const done = await keys.rotate({ hash: HASH, ...NO_TIME }, handler);
  const { old, ...rest } = done;
  assert.deepEqual(rest, { outcome: "done", new: NEW, carried: 25, unconfirmed: [] });
  assert.deepEqual([old.hash, old.name, old.usage, old.disabled], [HASH, "production", 1, true]);
  assert.deepEqual(handler.kept.secrets, [SECRET]);
  assert.deepEqual(stepsOf(handler), ["creating", "handing_over", "handed_over", "disabled", "disabled", "deleted", "done"]);
  assert.equal(state[HASH], undefined);
  assert.equal(state[NEW].name, "production");
  assert.ok(!handler.kept.states.join().includes(SECRET));
  const last = JSON.parse(handler.kept.states.at(-1));
  assert.deepEqual(
    [last.old, last.new, last.newLabel, last.name, last.leaked, last.remaining, last.graceMs],
    [HASH, NEW, LABEL, "production", false, false, 0],
  );
});

test("a handler may be an instance of a class", async () => {
  class Vault {
    #states = [];
    save(state) {
      this.#states.push(state.step);
    }
    handOver() {
      this.#states.push("handed");
    }
    wasHandedOver() {
      return false;
    }
    get states() {
      return this.#states;
    }
  }
  const { keys } = server();
  const handler = new Vault();
  await keys.rotate({ hash: HASH, ...NO_TIME }, handler);
  assert.equal(handler.states.length, 8);
});

test("a spent budget is not renewed unless it resets anyway or a full limit is requested", async () => {
  for (const [settings, left, reset, limit, carried] of [
    [{}, 7.5, null, 7.5, 7.5],
    [{}, 0, null, 0, 0],
    [{}, -3, null, 0, 0],
    [{ limitRemaining: true }, 7.5, "monthly", 7.5, 7.5],
    [{}, 7.5, "monthly", 25, undefined],
    [{ fullLimit: true }, 0, null, 25, undefined],
  ]) {
    const { keys, state } = server(({ url }) => (url.endsWith("/key") ? current({ label: LABEL, limit, limit_reset: reset, is_management_key: false }) : undefined));
    Object.assign(state[HASH], { limit_remaining: left, limit_reset: reset });
    const done = await keys.rotate({ hash: HASH, ...settings, ...NO_TIME }, vault());
    assert.deepEqual([state[NEW].limit, done.carried], [limit, carried], JSON.stringify([settings, left, reset]));
  }
  for (const left of [null, "7.5", undefined]) {
    const { keys, state } = server();
    state[HASH].limit_remaining = left;
    const error = await failureOf(keys.rotate({ hash: HASH, ...NO_TIME }, vault()));
    assert.equal(error.unreadable.path, "$.data.limit_remaining");
    assert.equal(state[NEW], undefined);
  }
  const both = { hash: HASH, limitRemaining: true, fullLimit: true };
  assert.ok((await failureOf(server().keys.rotate(both, vault()))) instanceof InvalidArgumentError);
});

test("the old key's usage is in the result of a rotation that was killed after the deletion", async () => {
  const { keys, state } = server();
  Object.assign(state[HASH], { usage: 17.25, plan: "pro", byok_usage: "odd" });
  const killed = vault({
    save(rotation) {
      if (rotation.step === "deleted") throw new Error("killed");
      killed.kept.states.push(JSON.stringify(rotation));
    },
  });
  await failureOf(keys.rotate({ hash: HASH, ...NO_TIME }, killed));
  assert.equal(state[HASH], undefined);
  const kept = JSON.parse(killed.kept.states.at(-1));
  // By the API's names, as in Rust.
  assert.deepEqual([kept.step, kept.oldKey.usage, kept.oldKey.byok_usage, kept.oldKey.plan], ["disabled", 17.25, "odd", "pro"]);
  const { old } = await keys.rotate({ resume: kept }, vault());
  assert.deepEqual([old.usage, old.unexpected, old.extra], [17.25, { byokUsage: "odd" }, { plan: "pro" }]);
  const { oldKey, ...older } = kept;
  assert.ok(oldKey);
  assert.equal((await keys.rotate({ resume: older }, vault())).old, undefined);
});

test("what a function of the handler throws is the cause, and the new key is deleted", async () => {
  const { keys, state } = server();
  const thrown = new Error("the store is full");
  const handler = vault({
    handOver() {
      throw thrown;
    },
  });
  const error = await failureOf(keys.rotate({ hash: HASH, ...NO_TIME }, handler));
  assert.ok(error instanceof RotationHandlerError);
  assert.deepEqual([error.code, error.method, error.cause, error.effect], ["rotation_handler", "handOver", thrown, "nothing"]);
  assert.equal(state[NEW], undefined);
  assert.equal(state[HASH].disabled, false);
  assert.ok(!everythingShown(error).includes(SECRET));
});

test("nothing that a handler throws shows the new key", async () => {
  const causes = [
    (secret) => new Error(`cannot store ${secret}`),
    (secret) => new Error("cannot store it", { cause: new Error(secret) }),
    (secret) => secret,
    (secret) => Object.assign(new TypeError("no"), { toJSON: () => secret }),
    (secret) => {
      const [first, second] = [new Error("no"), new Error(secret)];
      first.cause = second;
      second.cause = first;
      return first;
    },
    () => new Proxy({}, { get: () => assert.fail("it cannot be looked at") }),
  ];
  for (const cause of causes) {
    const handler = vault({
      handOver: ({ key }) => {
        throw cause(key);
      },
    });
    const error = await failureOf(server().keys.rotate({ hash: HASH, ...NO_TIME }, handler));
    assert.ok(error instanceof RotationHandlerError && error.method === "handOver");
    assert.ok(!everythingShown(error).includes(SECRET), everythingShown(error));
  }
});

test("circular causes are handled", async () => {
  const hidden = new Error("hidden");
  Object.defineProperty(hidden, "cause", { value: hidden });
  const open = new Error("open");
  open.cause = open;
  for (const thrown of [hidden, open]) {
    const handler = vault({
      handOver() {
        throw thrown;
      },
    });
    const error = await failureOf(server().keys.rotate({ hash: HASH, ...NO_TIME }, handler));
    assert.equal(error.cause.message, thrown.message);
  }
});

test("a label matches only its own key", () => {
  assert.equal(isNewKey({ newLabel: LABEL }, SECRET), true);
  for (const [newLabel, secret] of [[LABEL, "sk-or-v1-0e61c96"], [LABEL, `${SECRET}7`], [LABEL, undefined], [undefined, SECRET], ["...1c96", SECRET], ["sk-or-v1-0e6", SECRET]]) {
    assert.equal(isNewKey({ newLabel }, secret), false, newLabel);
  }
});

test("a run that stopped part-way resumes from its saved state", async () => {
  let isBroken = true;
  const { keys, state } = server(({ method, url }) => (isBroken && method === "PATCH" && url.endsWith(HASH) ? apiError(403) : undefined));
  const handler = vault();
  const error = await failureOf(keys.rotate({ hash: HASH, ...NO_TIME }, handler));
  assert.deepEqual([error.effect, error.isRetryable], ["partly_done", false]);
  assert.ok(error.message.includes("the new key was handed over, and the old one is still there"), error.message);
  isBroken = false;
  const { outcome } = await keys.rotate({ resume: JSON.parse(handler.kept.states.at(-1)) }, handler);
  assert.equal(outcome, "done");
  assert.equal(state.requests.filter((line) => line.startsWith("POST")).length, 1);
  assert.equal(state[HASH], undefined);
});

test("the handler is asked about a hand-over that only it can know of", async () => {
  const resume = { old: HASH, step: "handing_over", new: NEW, newLabel: LABEL, name: "production", ...NO_TIME };
  const known = server();
  known.state[NEW] = key({ hash: NEW });
  const handler = vault();
  handler.kept.secrets.push(SECRET);
  assert.equal((await known.keys.rotate({ resume }, handler)).outcome, "done");
  assert.ok(!known.state.requests.some((line) => line.startsWith("POST")));

  // Neither true nor false is an invalid answer: nothing is touched.
  const unknown = server();
  const error = await failureOf(unknown.keys.rotate({ resume }, vault({ wasHandedOver: () => undefined })));
  assert.ok(error instanceof RotationHandlerError && error.cause instanceof TypeError);
  assert.deepEqual(unknown.state.requests, []);
});

test("an old key that is still in use is reported, with the state to resume from", async () => {
  const { keys, state } = server(({ method, url }, state) => {
    if (method === "GET" && url.endsWith(HASH)) state[HASH].usage += 1;
  });
  const handler = vault();
  const rotated = await keys.rotate({ hash: HASH, graceMs: 600_000, quietMs: 60_000 }, handler);
  assert.equal(rotated.outcome, "still_in_use");
  assert.equal(rotated.old.hash, HASH);
  assert.equal(JSON.stringify(rotated.state), handler.kept.states.at(-1));
  assert.equal(state[HASH].disabled, false);
});

test("a handler that throws a Stop ends the rotation where it stands", async () => {
  for (const [overrides, method] of [
    [{ handOver: () => Promise.reject(new Stop("nobody knows", { cause: new Error("the vault hung up") })) }, "handOver"],
    [{ claim: () => Promise.reject(new Stop("another program has it")) }, "claim"],
  ]) {
    const { keys, state } = server();
    const error = await failureOf(keys.rotate({ hash: HASH, leaseMs: 90_000, ...NO_TIME, quietMs: 300_000 }, vault(overrides)));
    assert.ok(error instanceof RotationHandlerError);
    assert.deepEqual([error.method, error.cause instanceof Stop, error.cause.name], [method, true, "Stop"]);
    // Neither key is disabled or deleted.
    assert.deepEqual(state.requests.filter((line) => !line.startsWith("GET")), ["POST keys"]);
  }
});

test("a rotation with a lease is claimed for each change that could outlast it", async () => {
  const { keys, clock } = server();
  const claims = [];
  const handler = vault({ claim: (leaseMs) => claims.push([clock.now() > 0, leaseMs]) });
  const lease = { leaseMs: 90_000, graceMs: 0, quietMs: 300_000, watchMs: 0 };
  assert.equal((await keys.rotate({ hash: HASH, ...lease }, handler)).outcome, "done");
  assert.deepEqual(claims, [[true, 90_000]]);
  // Without the function, the saved states have to do.
  assert.equal((await server().keys.rotate({ hash: HASH, ...lease }, vault())).outcome, "done");

  const short = await failureOf(keys.rotate({ hash: HASH, leaseMs: 5000 }, handler, { timeoutMs: 5000 }));
  assert.ok(short instanceof InvalidArgumentError && short.message.includes("the lease must be longer"), short.message);
});

test("a rotation ends instead of a pause that is too long, and continues after it", async () => {
  const { keys, clock, state } = server();
  const handler = vault();
  const waiting = await keys.rotate({ hash: HASH, ...NO_TIME, graceMs: 3_600_000, longestPauseMs: 60_000 }, handler);
  assert.deepEqual([waiting.outcome, waiting.leftMs, waiting.state.step], ["waiting", 3_600_000, "handed_over"]);
  assert.equal(state[HASH].disabled, false);
  await clock.advance(3_600_000);
  const resume = JSON.parse(handler.kept.states.at(-1));
  assert.equal((await keys.rotate({ resume, longestPauseMs: 0 }, handler)).outcome, "done");
});

test("a new key that is not as requested is deleted", async () => {
  const { keys, state } = server(({ url }) => (url.endsWith("/key") ? current({ label: LABEL, limit: null, is_management_key: false }) : undefined));
  const error = await failureOf(keys.rotate({ hash: HASH, ...NO_TIME }, vault()));
  assert.ok(error instanceof UnverifiedError);
  assert.deepEqual([error.code, error.problem], ["unverified", "its limit differs"]);
  assert.equal(state[NEW], undefined);
});

test("an invalid rotation is refused before anything is sent", async () => {
  const { keys, fetch } = server();
  const handler = vault();
  const state = { old: HASH, step: "begun" };
  for (const [params, given, argument] of [
    [{}, handler, "hash"],
    [{ hash: HASH, resume: state }, handler, "hash"],
    [{ resume: state, graceMs: 1 }, handler, "resume"],
    [{ resume: { ...state, step: "lost" } }, handler, "step"],
    [{ resume: { ...state, grace_ms: 1 } }, handler, "grace_ms"],
    [{ resume: { step: "begun" } }, handler, "old"],
    [{ hash: HASH, grace: 1 }, handler, "grace"],
    [{ hash: HASH, graceMs: -1 }, handler, "graceMs"],
    [{ hash: "a/b" }, handler, "hash"],
    [{ hash: HASH }, undefined, "handler"],
    [{ hash: HASH }, { ...handler, handOver: undefined }, "handOver"],
    [{ hash: HASH }, { ...handler, save: "file" }, "save"],
    [{ hash: HASH }, { ...handler, claim: true }, "claim"],
    [{ hash: HASH, leaseMs: 0 }, handler, "leaseMs"],
    [{ hash: HASH, longestPauseMs: -1 }, handler, "longestPauseMs"],
  ]) {
    const error = await failureOf(keys.rotate(params, given));
    assert.ok(error instanceof InvalidArgumentError, error.message);
    assert.equal(error.argument, argument, error.message);
  }
  assert.equal(fetch.requests.length, 0);
});

test("findBySecret finds the key of a secret and never shows it", async () => {
  const id = "0df9e665-d932-5740-b2c7-b52af166bc11";
  const { keys, fetch } = server(({ url }) => {
    if (url.endsWith("/key")) return current({ label: LABEL, workspace_id: id });
    return listed(url.includes("offset") ? [key({ hash: NEW, label: LABEL })] : [key({ hash: HASH, label: "sk-or-v1-111...2222" }), key({ hash: NEW, label: LABEL })]);
  });
  const found = await keys.findBySecret({ secret: SECRET });
  assert.deepEqual([found.key.hash, found.current.label], [NEW, LABEL]);
  assert.ok(!everythingShown(found).includes(SECRET));
  assert.equal(fetch.requests[0].headers.authorization, `Bearer ${SECRET}`);
  assert.ok(fetch.requests[1].url.includes(id));

  const refused = server(({ url }) => (url.endsWith("/key") ? apiError(401) : listed([])));
  assert.deepEqual(await refused.keys.findBySecret({ secret: SECRET }), {});

  const twins = [key({ hash: HASH, label: LABEL }), key({ hash: NEW, label: LABEL })];
  const several = server(({ url }) => (url.endsWith("/key") ? apiError(401) : listed(url.includes("offset") ? twins.slice(1) : twins)));
  const error = await failureOf(several.keys.findBySecret({ secret: SECRET }));
  assert.ok(error instanceof SeveralKeysError);
  assert.deepEqual(error.keys.map(({ hash }) => hash), [HASH, NEW]);

  for (const params of [undefined, {}, { secret: 7 }, { secret: SECRET, workspaces: [] }, { secret: "two words" }]) {
    const error = await failureOf(keys.findBySecret(params));
    assert.ok(error instanceof InvalidArgumentError, error.message);
    assert.ok(!error.message.includes("two words"), error.message);
  }
});

test("the wrong kind of key is reported, by a check and by the API's own message", async () => {
  const { keys } = server(({ url }) =>
    url.endsWith("/key") ? current({ is_management_key: false }) : apiError(403, "Only a management key may manage keys."),
  );
  assert.equal((await keys.checkKey("inference")).isManagementKey, false);
  const error = await failureOf(keys.checkKey("management"));
  assert.ok(error instanceof WrongKeyKindError);
  assert.deepEqual([error.code, error.keyKind, error.needed], ["wrong_key_kind", "inference", "management"]);
  assert.ok(error.message.includes("https://openrouter.ai/settings/management-keys"), error.message);
  const refused = await failureOf(keys.list());
  assert.deepEqual([refused.code, refused.keyKind], ["forbidden", "inference"]);
  for (const kind of [undefined, "provisioning", 1]) {
    assert.ok((await failureOf(keys.checkKey(kind))) instanceof InvalidArgumentError);
  }
});
