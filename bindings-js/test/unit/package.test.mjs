// The package as a project uses it: packed, installed, imported by name.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import * as api from "../../npm/index.js";
import * as operations from "../../npm/operations.js";
import * as fleet from "../../npm/fleet.js";
import * as testing from "../../npm/testing.js";
import { withProject } from "./project.mjs";

const EXAMPLE = fileURLToPath(new URL("../../examples/testing.test.mjs", import.meta.url));
const PACKAGE = new URL("../../npm/", import.meta.url);

/** Runs Node in a project; returns what it printed. */
function node(folder, ...args) {
  const { NODE_TEST_CONTEXT, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, env, encoding: "utf8" });
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  return stdout;
}

test("the example of unit tests passes", () => {
  withProject([EXAMPLE], (folder) => {
    const printed = node(folder, "--test", "--test-reporter=tap", "testing.test.mjs");
    assert.match(printed, /^# pass 4$/m);
    assert.match(printed, /^# fail 0$/m);
  });
});

test("import and require export the same names, which are the declared ones", () => {
  const list = (form) => `const names = (module) => Object.keys(module).filter((name) => name !== "default").sort().join();
    ${form}; console.log([index, operations, fleet, testing].map(names).join("\\n"));`;
  withProject([], (folder) => {
    const imported = node(folder, "--input-type=module", "--eval", list('import * as index from "openrouter-keys"; import * as operations from "openrouter-keys/operations"; import * as fleet from "openrouter-keys/fleet"; import * as testing from "openrouter-keys/testing"'));
    const required = node(folder, "--input-type=commonjs", "--eval", list('const index = require("openrouter-keys"); const operations = require("openrouter-keys/operations"); const fleet = require("openrouter-keys/fleet"); const testing = require("openrouter-keys/testing")'));
    assert.equal(imported, required);
  });
  for (const [file, module] of [["index.d.ts", api], ["fleet.d.ts", fleet], ["testing.d.ts", testing]]) {
    const declarations = readFileSync(new URL(file, PACKAGE), "utf8").matchAll(/^export declare (?:class|function) (\w+)/gm);
    const declared = new Set(Array.from(declarations, ([, name]) => name));
    assert.deepEqual([...declared].sort(), Object.keys(module).sort(), file);
  }
});

test("openrouter-keys/operations exports what openrouter-keys does, without the class of a workflow", () => {
  assert.deepEqual(Object.keys(operations).sort(), Object.keys(api).filter((name) => name !== "TemporaryKey").sort());
});

test("openrouter-keys/testing imports nothing that needs the module, so that it runs wherever the package does", () => {
  const files = ["testing.js", "internal/direct.js", "internal/own.js"];
  const sources = files.map((name) => readFileSync(new URL(name, PACKAGE), "utf8"));
  const own = /\bimport ?\{[^}]*\} ?from ?"\.\/(internal\/)?(direct|own)\.js";/g;
  const source = sources.join("\n").replace(own, "");
  assert.doesNotMatch(source, /\bimport\b|\brequire\(|\bprocess\.|\bBuffer\b/);
});

test("openrouter-keys/fleet needs no WebAssembly and no module of the client", () => {
  const parts = readdirSync(new URL("fleet/", PACKAGE)).map((name) => `fleet/${name}`);
  const source = ["fleet.js", ...parts].map((name) => readFileSync(new URL(name, PACKAGE), "utf8")).join("\n");
  const imported = new Set(Array.from(source.matchAll(/from ?"\.\.\/internal\/(\w+)\.js"/g), ([, name]) => name));
  assert.deepEqual([...imported].sort(), ["brand", "errors", "hidden", "own", "rotation"]);
  assert.doesNotMatch(source, /from ?"\.\.\/(?!internal)|openrouter_keys_bg|\bprocess\.|\bBuffer\b/);
});

test("no file of the package creates code from strings", () => {
  const files = readdirSync(PACKAGE, { recursive: true }).filter((name) => /\.c?js$/.test(name));
  assert.ok(files.length > 10);
  for (const name of files) assert.doesNotMatch(readFileSync(new URL(name, PACKAGE), "utf8"), /\beval\(|\bnew Function\b/, name);
});
