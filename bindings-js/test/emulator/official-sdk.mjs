// An independent check: the vendor's JavaScript client drives the emulator:
// `node official-sdk.mjs EMULATOR`.
//
// It proves that the emulator speaks the API as the vendor's client knows it: every
// response satisfies that client's schema, only the documented error bodies become its
// typed errors, and its query, body and headers are understood. The last two checks prove
// that the client is strict: it refuses a response that lacks a field.

import assert from "node:assert/strict";

import { OpenRouter } from "@openrouter/sdk";
import * as errors from "@openrouter/sdk/models/errors";

import { startEmulator } from "../runtimes/emulator.mjs";

const SEEDED = 250;
const WORKSPACE = "11111111-2222-4333-8444-555555555555";
const UNKNOWN_HASH = "0".repeat(64);

/** Each operation, and the statuses for which the client has its own error. */
const OPERATIONS = {
  list: { call: (keys, options) => keys.list({}, options), documents: [400, 401, 429, 500] },
  create: {
    call: (keys, options) => keys.create({ requestBody: { name: "x" } }, options),
    documents: [400, 401, 403, 429, 500],
  },
  get: { call: (keys, options, hash) => keys.get({ hash }, options), documents: [401, 404, 429, 500] },
  update: {
    call: (keys, options, hash) => keys.update({ hash, requestBody: { name: "x" } }, options),
    documents: [400, 401, 404, 429, 500],
  },
  getCurrentKeyMetadata: { call: (keys, options) => keys.getCurrentKeyMetadata({}, options), documents: [401, 500] },
  delete: { call: (keys, options, hash) => keys.delete({ hash }, options), documents: [401, 404, 429, 500] },
};
const ERRORS = {
  400: errors.BadRequestResponseError,
  401: errors.UnauthorizedResponseError,
  403: errors.ForbiddenResponseError,
  404: errors.NotFoundResponseError,
  429: errors.TooManyRequestsResponseError,
  500: errors.InternalServerResponseError,
};
const UNDOCUMENTED = [402, 409, 413, 418, 502, 503, 524];

const CHECKS = {
  async "create accepts every field, and returns the whole key"({ keys, emulator }) {
    const expiresAt = new Date("2099-12-31T23:59:59.500Z");
    const { key: secret, data: key } = await keys.create({
      requestBody: {
        name: "Customer 42 🔑",
        limit: 25.5,
        limitReset: "monthly",
        includeByokInLimit: true,
        expiresAt,
        workspaceId: WORKSPACE,
        creatorUserId: "user_7",
        external: { user: "partner-user", apiKey: "p".repeat(32) },
      },
      httpReferer: "https://app.example",
      appTitle: "Emulator test",
      appCategories: "cli-agent",
    });
    assert.match(secret, /^sk-or-v1-[0-9a-f]{64}$/);
    assert.match(key.hash, /^[0-9a-f]{64}$/);
    assert.ok(!secret.includes(key.hash));
    assertTimestamp(key.createdAt);
    assert.deepEqual(key, {
      hash: key.hash,
      label: `${secret.slice(0, 12)}...${secret.slice(-4)}`,
      name: "Customer 42 🔑",
      disabled: false,
      limit: 25.5,
      limitRemaining: 25.5,
      limitReset: "monthly",
      includeByokInLimit: true,
      usage: 0,
      usageDaily: 0,
      usageWeekly: 0,
      usageMonthly: 0,
      byokUsage: 0,
      byokUsageDaily: 0,
      byokUsageWeekly: 0,
      byokUsageMonthly: 0,
      createdAt: key.createdAt,
      updatedAt: null,
      expiresAt,
      workspaceId: WORKSPACE,
      creatorUserId: "user_7",
      externalUser: "partner-user",
    });
    const [{ headers }] = await emulator.requests();
    const sent = Object.fromEntries(headers);
    assert.equal(sent["http-referer"], "https://app.example");
    assert.equal(sent["x-openrouter-title"], "Emulator test");
    assert.equal(sent["x-openrouter-categories"], "cli-agent");
  },

  async "create needs only a name, and accepts null where it may be null"({ keys }) {
    const requestBody = { name: "plain" };
    const { data: plain } = await keys.create({ requestBody });
    const nulls = { limit: null, limitReset: null, expiresAt: null, creatorUserId: null };
    const { data: cleared } = await keys.create({ requestBody: { ...requestBody, ...nulls } });
    for (const key of [plain, cleared]) {
      assert.deepEqual([key.limit, key.limitRemaining, key.limitReset, key.expiresAt], [null, null, null, null]);
      assert.deepEqual([key.includeByokInLimit, key.externalUser], [false, null]);
    }
    assert.equal(plain.workspaceId, cleared.workspaceId);
  },

  async "get returns what create returned, with later spending"({ keys, emulator }) {
    const { data: key } = await keys.create({ requestBody: { name: "spender", limit: 25.5, limitReset: "daily" } });
    assert.deepEqual((await keys.get({ hash: key.hash })).data, key);
    await emulator.spend(key.hash, 0.5);
    const spent = { usage: 0.5, usageDaily: 0.5, usageWeekly: 0.5, usageMonthly: 0.5, limitRemaining: 25 };
    assert.deepEqual((await keys.get({ hash: key.hash })).data, { ...key, ...spent });
  },

  async "getCurrentKeyMetadata describes the key used"({ keys, emulator, client }) {
    const requestBody = { name: "asks", limit: 10, limitReset: "weekly", expiresAt: new Date("2099-01-01T00:00:00Z") };
    const { key: secret, data: key } = await keys.create({ requestBody });
    await emulator.spend(key.hash, 4);
    const { data: current } = await client(secret).getCurrentKeyMetadata();
    assert.deepEqual(current, {
      label: key.label,
      limit: 10,
      limitRemaining: 6,
      limitReset: "weekly",
      includeByokInLimit: false,
      usage: 4,
      usageDaily: 4,
      usageWeekly: 4,
      usageMonthly: 4,
      byokUsage: 0,
      byokUsageDaily: 0,
      byokUsageWeekly: 0,
      byokUsageMonthly: 0,
      expiresAt: requestBody.expiresAt,
      isFreeTier: false,
      isManagementKey: false,
      isProvisioningKey: false,
      creatorUserId: key.creatorUserId,
      organizationId: current.organizationId,
      workspaceId: key.workspaceId,
      rateLimit: { requests: -1, interval: "10s", note: current.rateLimit.note },
      allowedDataRegions: ["global", "europe", "us"],
      freeModelDailyRequests: { limit: 1000, remaining: 1000, used: 0 },
    });
    const { data: management } = await keys.getCurrentKeyMetadata();
    assert.deepEqual([management.isManagementKey, management.isProvisioningKey], [true, true]);
    assert.equal(management.limit, null);
  },

  async "update leaves undefined fields, clears by null, and sets the rest"({ keys }) {
    const { data: key } = await keys.create({ requestBody: { name: "before", limit: 25.5, limitReset: "monthly" } });
    const update = async (requestBody) => {
      const { data } = await keys.update({ hash: key.hash, requestBody });
      assertTimestamp(data.updatedAt);
      return { ...data, updatedAt: null };
    };
    await refused(400, keys.update({ hash: key.hash, requestBody: {} }), [400, 401, 404, 429, 500]);
    const untouched = { limit: undefined, limitReset: undefined, disabled: undefined, includeByokInLimit: undefined };
    assert.deepEqual(await update({ name: "after", ...untouched }), { ...key, name: "after" });
    const cleared = { ...key, name: "after", limit: null, limitRemaining: null, limitReset: null };
    assert.deepEqual(await update({ name: undefined, limit: null, limitReset: null }), cleared);
    const set = { limit: 7, limitReset: "weekly", disabled: true, includeByokInLimit: true };
    assert.deepEqual(await update(set), { ...cleared, ...set, limitRemaining: 7 });
  },

  async "list pages by offset, newest first, and each key once"({ keys }) {
    const pages = [];
    for (const offset of [null, 100, 200, 300]) pages.push((await keys.list({ offset })).data);
    assert.deepEqual(pages.map(({ length }) => length), [100, 100, 51, 0]);
    const seeded = Array.from({ length: SEEDED }, (_, index) => `key ${String(index).padStart(3, "0")}`);
    assert.deepEqual(pages.flat().map(({ name }) => name), ["ordinary key", ...seeded.reverse()]);
    assert.deepEqual((await keys.list()).data, pages[0]);
    const [row] = pages[1];
    assert.deepEqual((await keys.get({ hash: row.hash })).data, row);
  },

  async "list shows disabled keys on demand, expired ones never, and one workspace"({ keys }) {
    const elsewhere = async (options) => (await keys.list({ workspaceId: WORKSPACE, ...options })).data;
    const expiresAt = new Date("2020-01-01T00:00:00Z");
    const names = (rows) => rows.map(({ name }) => name);
    for (const extra of [{ name: "one" }, { name: "two" }, { name: "expired", expiresAt }]) {
      await keys.create({ requestBody: { workspaceId: WORKSPACE, ...extra } });
    }
    const [two, one] = await elsewhere();
    assert.deepEqual([two.name, one.name], ["two", "one"]);
    await keys.update({ hash: two.hash, requestBody: { disabled: true } });
    assert.deepEqual(names(await elsewhere()), ["one"]);
    assert.deepEqual(names(await elsewhere({ includeDisabled: false })), ["one"]);
    assert.deepEqual(names(await elsewhere({ includeDisabled: true })), ["two", "one"]);
    assert.deepEqual(names(await elsewhere({ includeDisabled: true, offset: 1 })), ["one"]);
    assert.ok(!names((await keys.list()).data).includes("one"));
  },

  async "delete removes a key once"({ keys }) {
    const { hash } = (await keys.list()).data[1];
    assert.deepEqual(await keys.delete({ hash }), { deleted: true });
    await refused(404, keys.delete({ hash }));
    await refused(404, keys.get({ hash }));
    await refused(404, keys.update({ hash, requestBody: { name: "x" } }));
  },

  async "an invalid request gets the documented error"({ keys, client, emulator }) {
    await refused(400, keys.create({ requestBody: { name: "" } }));
    for (const odd of [{ limit: -1 }, { limitReset: "yearly" }, { workspaceId: "x" }, { creatorUserId: "" }]) {
      await refused(400, keys.create({ requestBody: { name: "x", ...odd } }));
    }
    const { hash } = (await keys.list()).data[0];
    for (const odd of [{ name: "" }, { limit: -1 }, { limitReset: "yearly" }]) {
      await refused(400, keys.update({ hash, requestBody: odd }));
    }
    await refused(400, keys.list({ offset: -1 }));
    await refused(400, keys.list({ workspaceId: "x" }));
    await refused(404, keys.get({ hash: UNKNOWN_HASH }));

    for (const { call } of Object.values(OPERATIONS)) await refused(401, call(client("sk-or-v1-unknown"), {}, hash));
    const ordinary = client(emulator.ordinaryKey);
    for (const [name, { call, documents }] of Object.entries(OPERATIONS)) {
      if (name === "getCurrentKeyMetadata") continue;
      await refused(403, call(ordinary, {}, hash), documents);
    }
    assert.equal((await keys.list()).data[0].hash, hash);
  },

  async "every status on demand is the documented error of every operation"({ keys }) {
    const { hash } = (await keys.list()).data[0];
    for (const { call, documents } of Object.values(OPERATIONS)) {
      for (const status of [...Object.keys(ERRORS).map(Number), ...UNDOCUMENTED]) {
        await refused(status, call(keys, fault(`status=${status}`), hash), documents);
      }
    }
    const throttled = await refused(429, keys.list({}, fault("status=429,retry-after=7")));
    assert.equal(throttled.headers.get("retry-after"), "7");
    assert.equal((await keys.get({ hash })).data.hash, hash);
  },

  async "a newer API's responses are accepted"({ keys }) {
    const newer = fault("shape=newer");
    const { data } = await keys.list({}, newer);
    assert.equal(data.length, 100);
    assert.ok(data.every(({ limitReset }) => limitReset === "fortnightly"));
    assert.deepEqual((await keys.getCurrentKeyMetadata({}, newer)).data.allowedDataRegions, ["global", "moon"]);
  },

  async "a response that lacks a field is refused: the client is strict"({ keys }) {
    const { hash } = (await keys.list()).data[0];
    for (const [name, { call }] of Object.entries(OPERATIONS)) {
      const older = name === "delete" ? "body=200 {}" : "shape=1";
      await assert.rejects(call(keys, fault(older), hash), errors.ResponseValidationError, name);
    }
  },

  async "an error body that lacks a field is refused: the client is strict"({ keys }) {
    for (const body of ["{}", '{"error":{"code":400}}', '{"error":{"message":"no code"}}']) {
      await assert.rejects(keys.list({}, fault(`body=400 ${body}`)), errors.ResponseValidationError, body);
    }
  },
};

/** The call's rejection: the client's error for the status, with the parsed body. */
async function refused(status, call, documents = [status]) {
  const expected = documents.includes(status) ? ERRORS[status] : errors.OpenRouterDefaultError;
  const error = await call.then(
    () => assert.fail(`it should have been refused with ${status}`),
    (thrown) => thrown,
  );
  assert.equal(error.constructor, expected, `${status}: ${error.stack}`);
  assert.equal(error.statusCode, status);
  assert.equal(error.contentType, "application/json");
  const described = documents.includes(status) ? error.error : JSON.parse(error.body).error;
  assert.equal(described.code, status);
  assert.ok(described.message.length > 0);
  return error;
}

function assertTimestamp(text) {
  assert.match(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
}

const fault = (text) => ({ headers: { "x-emulator-fault": text } });

const [program] = process.argv.slice(2);
if (program === undefined) {
  console.error("usage: node official-sdk.mjs EMULATOR");
  process.exit(2);
}
for (const [name, holds] of Object.entries(CHECKS)) {
  if (!(await passes(name, holds))) process.exitCode = 1;
}

/** Each check has its own emulator. */
async function passes(name, holds) {
  const emulator = await startEmulator(program, SEEDED);
  const client = (apiKey) =>
    new OpenRouter({ apiKey, serverURL: emulator.baseUrl, retryConfig: { strategy: "none" } }).apiKeys;
  try {
    await holds({ keys: client(emulator.apiKey), client, emulator });
    console.log(`ok official SDK: ${name}`);
    return true;
  } catch (error) {
    console.log(`not ok official SDK: ${name}\n  ${error.stack}`);
    return false;
  } finally {
    await emulator.stop();
  }
}
