// Values cross between JavaScript and Rust by name: both sides must know the same names.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const source = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const names = (text, pattern) => new Set(Array.from(text.matchAll(pattern), ([, name]) => name));

/** What JavaScript keeps, or passes on under another name. */
const OF_JAVASCRIPT = [
  ...["signal", "onProgress", "fetch", "clock", "dangerouslyAllowBrowser", "exhaustive", "temporary"],
  ...["limitRemaining", "fullLimit", "resume", "save", "handOver", "wasHandedOver", "claim"],
];

test("the module reads exactly the parameters and options that are checked", () => {
  const check = source("js/internal/check.js");
  const tables = check.slice(check.indexOf("const RETRY = {"), check.indexOf("const camelCase")).replace(/^const BESIDE.*$/m, "");
  const checked = names(tables, /(?<=[{,\n] *)(\w+)(?=: \w|,\n)/g);
  const read = names(["params", "workflows/mod", "workflows/arguments"].map((name) => source(`src/${name}.rs`)).join(""), /\b(?:(?:params|partner)\.\w+|time)\("(\w+)"\)/g);
  assert.ok(read.size > 50);
  // Not a field of an object.
  assert.deepEqual([...read].filter((name) => !checked.has(name)).sort(), ["kind"]);
  assert.deepEqual([...checked].filter((name) => !read.has(name)).sort(), [...OF_JAVASCRIPT].sort());
});

test("every object that JavaScript converts is written by the module", () => {
  const values = source("js/internal/values.js");
  const made = names(/MAKERS = \{\n {2}__proto__: null,\n([^]*?)\n\};/.exec(values)[1], /^ {2}(\w+)(?:: |\()/gm);
  const written = names(source("src/output.rs") + source("src/workflows/output.rs") + source("src/error.rs"), /record\("(\w+)"\)/g);
  assert.ok(made.size > 4);
  assert.deepEqual([...made].filter((name) => !written.has(name)), []);
});

test("every error code is one that the module writes", () => {
  const errors = source("js/internal/errors.js");
  const kinds = names(errors.slice(errors.indexOf("const KINDS"), errors.indexOf("export function isOpenRouterKeysError")), /^ {2}([a-z]\w+): \w+Error,$/gm);
  const written = names(source("src/error.rs"), /=> "(\w+)"/g);
  assert.ok(kinds.size > 20);
  assert.deepEqual([...kinds].filter((code) => !written.has(code)), []);
});
