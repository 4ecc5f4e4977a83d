// The wire vectors of `tests/vectors`, through the JavaScript API.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import * as api from "../../npm/index.js";
import * as testing from "../../npm/testing.js";
import { hold } from "../vectors/hold.js";
import { LEFT_OUT } from "../vectors/left-out.js";
import { files } from "./vector-files.mjs";

test("nothing is left out but what JavaScript cannot express", () => {
  const all = files.flatMap(({ vectors }) => vectors);
  assert.ok(all.length >= 972, `${all.length} vectors`);
  for (const [isLeftOut, count, why] of LEFT_OUT) assert.equal(all.filter(isLeftOut).length, count, why);
});

for (const { name, vectors } of files) {
  test(`every vector of ${name} holds`, () => hold(vectors, api, testing, { inspect }));
}
