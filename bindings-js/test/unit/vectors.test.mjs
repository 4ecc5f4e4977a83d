// The wire vectors of `tests/vectors`, through the JavaScript API.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inspect } from "node:util";

import * as api from "../../npm/index.js";
import * as operations from "../../npm/operations.js";
import * as testing from "../../npm/testing.js";
import { hold } from "../vectors/hold.js";
import { LEFT_OUT } from "../vectors/left-out.js";
import { expanded, files } from "./vector-files.mjs";

test("only what JavaScript cannot express is left out", () => {
  const all = files.flatMap(({ vectors }) => vectors);
  assert.ok(all.length >= 1392, `${all.length} vectors`);
  for (const [isLeftOut, count, why] of LEFT_OUT) assert.equal(all.filter(isLeftOut).length, count, why);
});

test("the table in the readme is four vectors", () => {
  const page = readFileSync(new URL("../../../tests/vectors/README.md", import.meta.url), "utf8");
  const vectors = expanded(JSON.parse(page.split("```")[1].replace(/^json/, "")));
  const operations = ["get", "create"];
  assert.deepEqual(vectors.map(({ name }) => name), operations.flatMap((name) => [301, 308].map((status) => `${name} does not follow a ${status}`)));
  assert.deepEqual(vectors[3].responses[0], { status: 308 });
  assert.equal(vectors[3].error.look_for.name, "Customer 42");
  assert.deepEqual(vectors[1].error, { kind: "unexpected_redirect", effect: "nothing" });
});

test("a vector with a word that the tests do not know is an error", async () => {
  const success = { status: 200, same_as_sent: true };
  const responses = [{ status: 200, body_json: { data: {} } }];
  const error = { kind: "transport", effect: "nothing", retryable: true, attempts: 1 };
  for (const [vector, message] of [
    [{ operation: "get_credits", responses, success, requests_seen: 1 }, /get_credits is none of list, create/],
    [{ operation: "get_credits", request: { method: "GET" } }, /get_credits is none of list, create/],
    [{ operation: "list", responses: [{ failure: "eclipse" }], error, requests_seen: 1 }, /eclipse is none of dns/],
    [{ operation: "list", arguments: { offset: -1 }, refusal: { kind: "offset" } }, /offset is none of api_key/],
    [{ operation: "list", responses }, /undefined is none of success/],
  ]) {
    await assert.rejects(hold([{ name: "new", ...vector }], api, testing, { inspect }), message);
  }
});

for (const { name, vectors } of files) {
  test(`every vector of ${name} passes`, () => hold(vectors, api, testing, { inspect }));
  test(`every vector of ${name} passes with the entry of operations`, () => hold(vectors, operations, testing, { inspect }));
}
