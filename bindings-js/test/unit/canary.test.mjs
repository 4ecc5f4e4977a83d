// The canary: secrets planted in every wire vector never appear in anything that prints,
// copies or serializes, except in the getter of each.
//
// A read returns what the server sent, whatever it repeats. The result of a create repeats
// neither the created key nor the secrets of the request.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as everything from "../../npm/index.js";
import * as operations from "../../npm/operations.js";
import * as testing from "../../npm/testing.js";
import { callsOf } from "../vectors/calls.js";
import { runnable } from "../vectors/left-out.js";
import { CREATED, GATEWAY, knownTo, PARTNER, planted, SERVERS, SIGNING } from "./canary.mjs";
import { everythingShown, printed } from "./harness.mjs";
import { files } from "./vector-files.mjs";

const ENTRIES = { "openrouter-keys": everything, "openrouter-keys/operations": operations };

/** The secret, plain or with the escapes of JSON and the console. */
function shows(text, secret) {
  const plain = text.replaceAll("\\\\", "\\").replaceAll("\\u0073", "s").replaceAll("\\u0061", "a");
  return text.includes(secret) || plain.includes(secret);
}

/** What the call leaves behind, each with the secrets that it must not show. */
function parts(api, { operation }, server, { keys, value, error, requests }) {
  const all = knownTo(operation);
  const found = [["a URL", requests.map(({ url }) => url), all]];
  if (keys) found.push(["the client", keys, all]);
  if (error) found.push(["the error", error, all]);
  if (!value) return found;
  const { data, response } = value;
  found.push(["the id of the response", response.requestId, all]);
  if (server === "discreet") found.push(["the response", value, all]);
  else if (data instanceof api.Created) found.push(["the created key", data, [SIGNING, CREATED, PARTNER]]);
  if (data instanceof api.Created && data.key.length >= 16) found.push(["the created key", data, [data.key]]);
  return found;
}

async function findings(api, vector, server) {
  const came = await callsOf(api, testing)(planted(vector, server));
  return parts(api, vector, server, came).flatMap(([what, value, secrets]) => {
    const text = everythingShown(value) + printed(value);
    return secrets
      .filter((secret) => shows(text, secret))
      .map((secret) => `${vector.name} (${vector.operation}, ${server}): ${what} shows ${secret}`);
  });
}

for (const { name, vectors } of files) {
  const calls = runnable(vectors);
  for (const server of SERVERS) {
    for (const [entry, api] of Object.entries(ENTRIES)) {
      test(`nothing printed of a call of ${name} by ${entry} shows a planted secret, with a server that is ${server}`, async () => {
        const all = [];
        for (const vector of calls) all.push(...(await findings(api, vector, server)));
        assert.equal(all.length, 0, `${all.length} findings in ${calls.length} calls:\n${all.join("\n")}`);
      });
    }
  }
}

test("the search finds each canary, plain and escaped", () => {
  for (const secret of [SIGNING, CREATED, GATEWAY, PARTNER]) {
    for (const said of [secret, secret.replace("sk-", "\\u0073k-").replace("canary", "c\\u0061nary")]) {
      for (const value of [said, { deep: [said] }, new Error("x", { cause: new Error(said) })]) {
        assert.ok(shows(everythingShown(value) + printed(value), secret));
      }
    }
  }
});
