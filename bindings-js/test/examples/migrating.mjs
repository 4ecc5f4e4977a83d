// Checks what the README says about the official SDK compared with this package, one
// check for each such row of its table.

import assert from "node:assert/strict";
import { inspect } from "node:util";

import { OpenRouter } from "@openrouter/sdk";
import { resetEnv } from "@openrouter/sdk/lib/env.js";
import * as errors from "@openrouter/sdk/models/errors";

import * as npm from "../../npm/index.js";
import { keysAt, watched } from "./traffic.mjs";

const EXPIRY = new Date("2040-01-01T00:00:00Z");
const NOBODY = "0".repeat(64);
const LOSSES = { "row 5xx": "method=POST,commit,status=500", "row broken": "method=POST,reset-after-commit" };

/** Each row's check; it gets both clients and the emulator. */
const ROWS = {
  async client({ emulator, sdkOptions }) {
    process.env.OPENROUTER_API_KEY = emulator.apiKey;
    // The SDK reads its environment only once.
    resetEnv();
    assert.ok((await new OpenRouter({ ...sdkOptions, apiKey: undefined }).apiKeys.list()).data.length > 0);
    assert.throws(() => new npm.OpenRouterKeys({}), { argument: "apiKey" });
    delete process.env.OPENROUTER_API_KEY;
  },
  async "results of calls"({ sdk, keys }) {
    const created = await sdk.create({ requestBody: { name: "row", limit: 1 } });
    const { hash } = created.data;
    assert.deepEqual(Object.keys(await sdk.get({ hash })), ["data"]);
    assert.equal((await keys.get(hash)).hash, hash);
    assert.equal((await sdk.update({ hash, requestBody: { limit: 2 } })).data.limit, 2);
    assert.equal((await keys.update(hash, { limit: 3 })).limit, 3);
    assert.deepEqual(Object.keys(await sdk.getCurrentKeyMetadata()), ["data"]);
    assert.equal((await keys.getCurrentKeyMetadata()).isManagementKey, true);
    assert.deepEqual(await sdk.delete({ hash }), { deleted: true });
    const other = await keys.create({ name: "row", limit: 1 });
    assert.deepEqual(await keys.delete(other.data.hash), { deleted: true, alreadyGone: false });
  },
  async "no limit"({ sdk, keys }) {
    assert.equal((await sdk.create({ requestBody: { name: "row" } })).data.limit, null);
    await assert.rejects(keys.create({ name: "row" }), { argument: "limit" });
    assert.equal((await keys.create({ name: "row", limit: null })).data.limit, null);
  },
  async "a misspelt field"({ sdk, keys }) {
    assert.equal((await sdk.create({ requestBody: { name: "row", limti: 5 } })).data.limit, null);
    await assert.rejects(keys.create({ name: "row", limit: 1, limti: 5 }), { argument: "limti" });
  },
  async expiresAt({ sdk, keys }) {
    assert.deepEqual((await sdk.create({ requestBody: { name: "row", expiresAt: EXPIRY } })).data.expiresAt, EXPIRY);
    for (const expiresAt of [EXPIRY, EXPIRY.toISOString()]) {
      const { data } = await keys.create({ name: "row", limit: 1, expiresAt });
      assert.equal(typeof data.expiresAt, "string");
      assert.deepEqual(npm.toDate(data.expiresAt), EXPIRY);
    }
  },
  async "the created secret"({ sdk, keys }) {
    const theirs = await sdk.create({ requestBody: { name: "row", limit: 1 } });
    const ours = await keys.create({ name: "row", limit: 1 });
    for (const show of [inspect, JSON.stringify]) {
      assert.ok(show(theirs).includes(theirs.key));
      assert.ok(!show(ours).includes(ours.key));
    }
  },
  async "a required field missing from a response"({ sdk, keys, emulator }) {
    await emulator.failNext("method=GET,shape=1");
    await assert.rejects(sdk.list(), errors.ResponseValidationError);
    await emulator.failNext("method=GET,shape=1");
    assert.equal((await keys.list()).data[0].workspaceId, undefined);
  },
  async "an unknown field"({ sdk, keys, emulator }) {
    const body = JSON.stringify({ deleted: true, surprise: 1 }).replaceAll(",", "\\,");
    await emulator.failNext(`method=DELETE,body=200 ${body}`);
    assert.deepEqual(await sdk.delete({ hash: NOBODY }), { deleted: true });
    await emulator.failNext(`method=DELETE,body=200 ${body}`);
    assert.equal((await keys.delete(NOBODY).withResponse()).response.extra.surprise, 1);
  },
  async "a create after a 5xx or a broken connection"({ sdk, keys, emulator }) {
    for (const [name, fault] of Object.entries(LOSSES)) {
      const count = async () => (await keysAt(emulator)).filter((key) => key.name === name).length;
      await emulator.failNext(fault);
      await sdk.create({ requestBody: { name, limit: 1 } });
      assert.equal(await count(), 2);
      await emulator.failNext(fault);
      await assert.rejects(keys.create({ name, limit: 1 }), (error) => error.mayHaveCreated.name === name);
      assert.equal(await count(), 3);
    }
  },
  async 429({ sdk, keys, emulator }) {
    await emulator.failNext("method=GET,status=429,retry-after=0");
    await assert.rejects(sdk.list(), { statusCode: 429 });
    await emulator.failNext("method=GET,status=429,retry-after=0");
    assert.equal((await keys.list().withResponse()).response.attempts, 2);
  },
  async "your app"({ emulator, sdkOptions }) {
    const app = { httpReferer: "https://app.example", appTitle: "App", appCategories: "one,two" };
    const theirs = await watched(emulator, () => new OpenRouter({ ...sdkOptions, ...app }).apiKeys.list());
    const options = { httpReferer: "https://app.example", title: "App", categories: ["one", "two"] };
    const client = new npm.OpenRouterKeys({ ...clientOptions(emulator), ...options });
    const ours = await watched(emulator, () => client.list());
    for (const { requests } of [theirs, ours]) {
      const headers = Object.fromEntries(requests[0].headers);
      assert.equal(headers["http-referer"], "https://app.example");
      assert.equal(headers["x-openrouter-title"], "App");
      assert.equal(headers["x-openrouter-categories"], "one,two");
    }
  },
  async "cancelling and other errors"({ sdk, keys, emulator }) {
    const signal = AbortSignal.abort();
    await assert.rejects(sdk.list({}, { signal }), errors.RequestAbortedError);
    await assert.rejects(keys.list({}, { signal }), npm.AbortError);
    await emulator.failNext("method=GET,stall-headers");
    await assert.rejects(sdk.list({}, { timeoutMs: 20, retries: { strategy: "none" } }), errors.RequestTimeoutError);
    await emulator.failNext("method=GET,stall-headers");
    await assert.rejects(keys.list({}, { attemptTimeoutMs: 20, retry: false }), npm.TimeoutError);
    await emulator.failNext("method=GET,reset-before-commit");
    await assert.rejects(sdk.list({}, { retries: { strategy: "none" } }), errors.ConnectionError);
    await emulator.failNext("method=GET,reset-before-commit");
    await assert.rejects(keys.list({}, { retry: false }), npm.ConnectionError);
  },
  async "errors by status"({ sdk, keys }) {
    const theirs = await sdk.get({ hash: NOBODY }).catch((error) => error);
    assert.ok(theirs instanceof errors.NotFoundResponseError && theirs instanceof errors.OpenRouterError);
    assert.equal(theirs.statusCode, 404);
    const ours = await keys.get(NOBODY).catch((error) => error);
    assert.ok(ours instanceof npm.NotFoundError && ours instanceof npm.ApiError);
    assert.equal(ours.status, 404);
  },
};

const clientOptions = ({ apiKey, baseUrl }) => ({ apiKey, baseUrl });

export function migratingChecks() {
  return Object.entries(ROWS).map(([row, holds]) => ({
    name: `README, the official SDK compared with this package: ${row}`,
    run(emulator) {
      const sdkOptions = { apiKey: emulator.apiKey, serverURL: emulator.baseUrl };
      const sdk = new OpenRouter(sdkOptions).apiKeys;
      return holds({ emulator, sdkOptions, sdk, keys: new npm.OpenRouterKeys(clientOptions(emulator)) });
    },
  }));
}
