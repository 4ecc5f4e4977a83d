// A program that creates keys, and its unit tests: no network, no waiting.
//
// node --test testing.test.mjs

import assert from "node:assert/strict";
import { test } from "node:test";

import { OpenRouterKeys } from "openrouter-keys";
import { apiError, created, deleted, fakeFetch, key, listed, lost, refused, virtualClock } from "openrouter-keys/testing";

// The program: creates a customer's key, and deletes what a lost response may have left behind.

async function provision(keys, customer, vault) {
  try {
    const { key: secret } = await keys.create({ name: customer, limit: 25, limitReset: "monthly" });
    vault.set(customer, secret);
    return "stored";
  } catch (error) {
    if (!error.mayHaveCreated) throw error;
    return `deleted ${await deleteAllNamed(keys, error.mayHaveCreated.name)}`;
  }
}

async function deleteAllNamed(keys, name) {
  const all = await keys.listAll({ includeDisabled: true, includeExpired: true }).toArray();
  const orphans = all.filter((each) => each.name === name);
  for (const { hash } of orphans) await keys.delete(hash);
  return orphans.length;
}

// Its tests.

/** A client whose requests get these replies, in order. */
function clientOver(...replies) {
  const clock = virtualClock();
  const fetch = fakeFetch(replies, { clock });
  return { keys: new OpenRouterKeys({ apiKey: "sk-or-v1-test", fetch, clock }), fetch, clock };
}

test("the secret is stored", async () => {
  const { keys, fetch } = clientOver(created("sk-or-v1-new"));
  const vault = new Map();

  assert.equal(await provision(keys, "Customer 42", vault), "stored");

  assert.equal(vault.get("Customer 42"), "sk-or-v1-new");
  assert.deepEqual(fetch.requests[0].json, { name: "Customer 42", limit: 25, limit_reset: "monthly" });
  fetch.assertDone();
});

test("half a minute of throttling is waited out, which takes no time here", async () => {
  const slowDown = apiError(429, "slow down", { headers: { "retry-after": "30" } });
  const { keys, clock } = clientOver(slowDown, created("sk-or-v1-new"));

  assert.equal(await provision(keys, "Customer 42", new Map()), "stored");

  assert.ok(clock.now() >= 30_000);
});

test("a key that may have been created is found and deleted", async () => {
  const orphan = key({ name: "Customer 42" });
  const other = key({ name: "Customer 7", hash: "7".repeat(64) });
  const { keys, fetch } = clientOver(lost(), listed([other, orphan]), deleted());

  assert.equal(await provision(keys, "Customer 42", new Map()), "deleted 1");

  assert.deepEqual(
    fetch.requests.map(({ method }) => method),
    ["POST", "GET", "GET", "DELETE"],
  );
  assert.equal(fetch.requests[3].path, `/api/v1/keys/${orphan.hash}`);
  fetch.assertDone();
});

test("no search happens if no key can have been created", async () => {
  const { keys, fetch } = clientOver(refused(), refused(), refused());

  await assert.rejects(provision(keys, "Customer 42", new Map()), { code: "connect", effect: "nothing" });

  fetch.assertDone();
});
