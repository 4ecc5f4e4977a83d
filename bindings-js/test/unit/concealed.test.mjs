// A field that shows a key can be read by the program, and appears in nothing that prints,
// copies, serializes or inspects the result.

import assert from "node:assert/strict";
import { console as inspectorConsole, Session } from "node:inspector";
import { test } from "node:test";
import { inspect } from "node:util";

import { Created, SeveralKeysError } from "../../npm/index.js";
import { apiError, current, currentKey, deleted, key, listed, reply } from "../../npm/testing.js";
import { clientOver, everythingShown, failureOf, HASH, printed } from "./harness.mjs";

const SECRET = "sk-or-v1-canary-of-the-created-key-0123456789abc";
const OTHER = "sk-or-mgmt-canary-of-a-key-that-nobody-gave-0123";
const OWN = "hunter2-canary-of-the-management-key";
const LABEL = "sk-or-v1-can...9abc";
const NEW = "c".repeat(64);
const NO_TIME = { graceMs: 0, quietMs: 0, watchMs: 0 };

/** Whose key is in the response, and the client that got it. */
const CLIENTS = {
  "a key given as a string": [OWN, { apiKey: OWN }],
  "a key given by a function": [OWN, { apiKey: async () => OWN }],
  "the key of an earlier attempt": [OWN, { apiKey: rotated() }, true],
  "a given key in capitals": [OWN.toUpperCase(), { apiKey: OWN }],
  "any key of this API": [OTHER, { apiKey: OWN }],
};

/** A function that returns another key each time. */
function rotated() {
  let asked = 0;
  return () => (asked++ % 2 === 0 ? OWN : `${OWN}-of-the-next-day`);
}

/** An object with the secret everywhere: names, values, unexpected ones, unknown ones and their names. */
const saying = (secret) => `of ${secret}, they say`;
const unknown = (said) => ({ [said]: 1, note: said, deep: { [said]: [said, { deeper: said }] } });
const rowOf = (said, fields) => ({ ...key(), name: said, label: said, limit_reset: said, creator_user_id: said, workspace_id: said, external_user: said, limit: [said], usage: unknown(said), ...unknown(said), ...fields });
const currentOf = (said, fields) => ({
  ...currentKey(),
  label: said,
  organization_id: said,
  rate_limit: { requests: said, interval: "10s", note: said, ...unknown(said) },
  allowed_data_regions: ["us", said],
  budgets: [{ scope: said, budget_id: said, limit_usd: said, ...unknown(said) }],
  free_model_daily_requests: [said],
  ...unknown(said),
  ...fields,
});

/** A server all of whose keys show it. */
function serving(secret, options, { rows, data, react = () => undefined, isUnsteady } = {}) {
  const said = saying(secret);
  let requests = 0;
  const response = (request) => {
    const { method, path, body } = request;
    if (isUnsteady && requests++ === 0) return apiError(429);
    const other = react(request);
    if (other) return other;
    if (method === "DELETE") return deleted();
    if (method === "POST") return reply(201, { key: SECRET, data: data ?? rowOf(said, { name: JSON.parse(body).name, hash: NEW }), ...unknown(said) });
    if (path.endsWith("/key")) return reply(200, { data: currentOf(said), ...unknown(said) });
    if (!path.includes("/keys?") && !path.endsWith("/keys")) return reply(200, { data: rowOf(said), ...unknown(said) });
    const offset = Number(/offset=(\d+)/.exec(path)?.[1] ?? 0);
    return reply(200, { data: (rows ?? [rowOf(said), said, [said]]).slice(offset), ...unknown(said) });
  };
  return clientOver(response, options);
}

/** All that printing, copying and an inspector show. */
async function shown(value) {
  const texts = [everythingShown(value), printed(value)];
  for (const options of [{ showHidden: true, getters: true, depth: 9 }, { showHidden: true, showProxy: true, getters: "get", depth: 9 }]) texts.push(inspect(value, options));
  const session = new Session();
  session.connect();
  session.on("inspectorNotification", (message) => texts.push(JSON.stringify(message)));
  const post = (method, params) => new Promise((resolve) => session.post(method, params, (_, result) => resolve(result)));
  await post("Runtime.enable");
  for (const method of ["log", "dir", "table"]) inspectorConsole[method](value);
  globalThis.concealingHere = value;
  let { result } = await post("Runtime.evaluate", { expression: "concealingHere", generatePreview: true });
  let ids = [result.objectId];
  for (let depth = 0; depth < 3; depth++) {
    const next = [];
    for (const objectId of ids.filter(Boolean).slice(0, 200)) {
      const found = await post("Runtime.getProperties", { objectId, ownProperties: true, generatePreview: true });
      texts.push(JSON.stringify(found));
      for (const { value, get } of [found.result, found.privateProperties ?? [], found.internalProperties ?? []].flat()) next.push(value?.objectId, get?.objectId);
    }
    ids = next;
  }
  session.disconnect();
  delete globalThis.concealingHere;
  return texts.join("\n").toLowerCase();
}

async function hides(value, secret, what) {
  const text = await shown(value);
  const at = text.indexOf(secret.toLowerCase());
  assert.ok(at < 0, `${what} shows it: ${text.slice(Math.max(0, at - 200), at + 100)}`);
}

const params = (secret) => ({ name: saying(secret), limit: 1 });
const whole = async (call) => {
  const { data, response } = await call.withResponse();
  return { data, response };
};

/** The result of each operation and workflow, and where the program finds the secret. */
const CALLS = {
  list: [({ keys }) => whole(keys.list()), ({ data, response }) => [data.data[0].name, data.unexpectedRows[0], data.unexpectedRows[1][0], data.extra.note, response.extra?.note ?? data.extra.note]],
  listAll: [({ keys }) => keys.listAll().toArray(), ([row]) => [row.name, row.label, row.unexpected.limit[0]]],
  get: [
    ({ keys }) => whole(keys.get(HASH)),
    ({ data, response }, said) => [data.name, data.label, data.limitReset, data.creatorUserId, data.workspaceId, data.externalUser, data.unexpected.limit[0], data.extra.note, Object.keys(data.extra)[0], data.extra.deep[said][1].deeper, response.extra.note],
  ],
  update: [({ keys }, secret) => whole(keys.update(HASH, { name: saying(secret) })), ({ data }) => [data.name, data.extra.note]],
  create: [({ keys }, secret) => whole(keys.create(params(secret))), ({ data }) => [data.data.name, data.data.label, data.extra.note]],
  "create with unexpected data": [({ keys }, secret) => whole(keys.create(params(secret))), ({ data }) => [data.unexpected.data[0], data.extra.note], (said) => ({ data: [said] })],
  getCurrentKeyMetadata: [({ keys }) => whole(keys.getCurrentKeyMetadata()), ({ data }) => [data.label, data.rateLimit.note, Object.keys(data.rateLimit.extra)[0], data.budgets[0].scope, data.budgets[0].extra.note, data.allowedDataRegions[1], data.unexpected.freeModelDailyRequests[0], data.extra.note]],
  checkKey: [({ keys }) => keys.checkKey("management"), (data) => [data.label], () => ({ react: ({ path }) => (path.endsWith("/key") ? undefined : apiError(500)) })],
  createReconciled: [({ keys }, secret) => keys.createReconciled(params(secret)), (done) => [done.name, done.created.data.name]],
  temporary: [({ keys }, secret) => keys.temporary({ ...params(secret), lifetimeMs: 60_000 }), (temporary) => [temporary.name, temporary.data.name, temporary.extra.note]],
  ensure: [({ keys }, secret) => keys.ensure({ ...params(secret), onDuplicate: "newest" }), ({ key }) => [key.name, key.extra.note]],
  "sweep of existing keys": [({ keys }) => keys.sweep({ temporary: true }), (swept) => [swept.endless[0].name], (said) => ({ rows: [rowOf(`${said} #temp-${"0".repeat(32)}`, { expires_at: null })] })],
  findBySecret: [
    ({ keys }) => keys.findBySecret({ secret: SECRET }),
    (found) => [found.key.name, found.key.extra.note, found.current.extra.note],
    (said) => ({ rows: [rowOf(said, { label: LABEL })], react: ({ path }) => (path.endsWith("/key") ? reply(200, { data: currentOf(said, { label: LABEL, workspace_id: null }) }) : undefined) }),
  ],
  audit: [({ keys }) => keys.audit(), (report) => [report.keys[0].key.name, report.keys[0].key.extra.note]],
};

for (const [whose, [secret, options, isUnsteady]] of Object.entries(CLIENTS)) {
  test(`a result that shows ${whose} is readable but never printed`, async () => {
    const said = saying(secret);
    for (const [what, [call, read, setting]] of Object.entries(CALLS)) {
      const server = serving(secret, options, { ...setting?.(said), isUnsteady });
      const result = await call(server, secret);
      // The response to a create already has the client's own keys masked.
      for (const text of read(result, said)) assert.ok(text.includes(secret) || text.startsWith(saying("[redacted]")), `${what}: ${text}`);
      await hides(result, secret, what);
    }
  });
}

test("a clean field stays visible next to a concealed one, and both can be set", async () => {
  const { keys } = serving(OWN, { apiKey: OWN });
  const found = await keys.get(HASH);
  assert.equal(Object.keys(found).includes("hash"), true);
  assert.equal(Object.keys(found).includes("name"), false);
  assert.equal(found.disabled, false);
  assert.match(inspect(found), /^\{\n? *hash: '/);
  assert.match(inspect({ deep: found }), /hash: '/);
  found.name = "Customer 42";
  assert.equal(JSON.parse(JSON.stringify(found)).name, "Customer 42");
  const { data, response } = await keys.create(params(OWN)).withResponse();
  assert.ok(data instanceof Created);
  assert.equal(data.key, SECRET);
  assert.match(inspect(data), /^Created \{/);
  assert.match(inspect(response), /^ResponseInfo \{/);
});

test("an object that shows no key, or only something similar, stays plain", async () => {
  for (const name of ["Customer 42", "helpdesk-automation-production", "task-or-event-processing-pipeline", LABEL, "test-key"]) {
    const { keys } = serving("x", { apiKey: "test" }, { react: () => reply(200, { data: { ...key({ name }), note: name } }) });
    const found = await keys.get(HASH);
    assert.equal(Object.getPrototypeOf(found), Object.prototype);
    assert.equal(JSON.parse(JSON.stringify(found)).name, name);
    assert.deepEqual(found.extra, { note: name });
  }
});

test("a sweep conceals the names that it did not find, and the keys that it could not delete", async () => {
  const { keys } = serving(OWN, { apiKey: OWN });
  const { name } = await keys.createReconciled(params(OWN));
  const absent = `${name.slice(0, -1)}${name.endsWith("0") ? "1" : "0"}`;
  for (const [status, list] of [[200, "deleted"], [403, "failed"]]) {
    const react = ({ method }) => (method === "DELETE" && status === 403 ? apiError(403) : undefined);
    const server = serving(OWN, { apiKey: OWN }, { rows: [rowOf(saying(OWN), { name })], react });
    const swept = await server.keys.sweep({ names: [name, absent] });
    assert.deepEqual(swept.absent, [absent]);
    const [one] = swept[list];
    assert.equal((one.key ?? one).name, name);
    await hides(swept, OWN, list);
  }
});

test("an error conceals the keys that it lists", async () => {
  const said = saying(OWN);
  const { keys } = serving(OWN, { apiKey: OWN }, { rows: [rowOf(said), rowOf(said, { hash: NEW })] });
  const error = await failureOf(keys.ensure(params(OWN)));
  assert.ok(error instanceof SeveralKeysError, error.stack);
  assert.deepEqual(error.keys.map(({ name }) => name), [said, said]);
  await hides(error, OWN, "the error");
});

test("the table of an audit masks the client's own key as a whole", async () => {
  for (const apiKey of [OWN, () => OWN]) {
    const { keys } = serving(OWN, { apiKey }, { rows: [key({ name: `x ${OWN} y`, limit: null })] });
    const { table } = await keys.audit();
    assert.match(table, /^x \[redacted\] y /m);
    assert.ok(!table.includes(OWN.slice(0, 12)), table);
  }
});

test("the states of a rotation show no key, and JSON keeps them whole", async () => {
  const said = saying(OWN);
  const old = { ...key({ hash: HASH, limit: 25, limit_reset: null, disabled: false, usage: 1 }), name: said, note: said };
  const made = { ...old, hash: NEW, label: LABEL };
  const server = () => {
    const held = { [HASH]: { ...old }, [NEW]: { ...made } };
    return clientOver(
      ({ method, path, body }) => {
        const hash = path.split("/").at(-1);
        if (hash === "key") return current({ label: LABEL, limit: 25, limit_reset: null, is_management_key: false });
        if (method === "POST") return reply(201, { key: SECRET, data: made });
        if (hash.startsWith("keys")) return listed([]);
        if (method === "DELETE") {
          delete held[hash];
          return deleted();
        }
        if (!held[hash]) return apiError(404);
        if (method === "PATCH") Object.assign(held[hash], JSON.parse(body));
        return reply(200, { data: held[hash] });
      },
      { apiKey: OWN },
    );
  };
  const states = [];
  const handler = {
    async save(state) {
      states.push(state);
    },
    async handOver(created) {
      assert.equal(created.data.name, saying("[redacted]"));
      await hides(created, OWN, "the new key");
    },
    wasHandedOver: () => true,
  };
  const done = await server().keys.rotate({ hash: HASH, ...NO_TIME }, handler);
  assert.equal(done.outcome, "done");
  assert.equal(done.old.name, said);
  await hides(done, OWN, "the result");
  const within = states.filter((state) => state.name !== undefined);
  assert.ok(within.length > 3);
  for (const state of within) {
    assert.equal(state.name, said);
    for (const text of [inspect(state, { showHidden: true, depth: 9 }), inspect(state, { showHidden: true, getters: true, depth: 9 }), inspect({ ...state }), inspect(structuredClone(state))]) {
      assert.ok(!text.includes(OWN), text);
    }
    const kept = JSON.parse(JSON.stringify(state));
    assert.deepEqual([kept.old, kept.step, kept.name, kept.unconfirmed], [HASH, state.step, said, state.unconfirmed]);
    // A copy that lacks a name would create a second key.
    const refused = await failureOf(server().keys.rotate({ resume: structuredClone(state) }, handler));
    assert.equal(refused.code, "invalid_argument");
  }
  assert.equal(JSON.parse(JSON.stringify(within.at(-1))).oldKey.name, said);
  for (const resume of [within[2], JSON.parse(JSON.stringify(within[2]))]) {
    assert.equal((await server().keys.rotate({ resume }, handler)).outcome, "done");
  }
});
