// The module that the entries for browsers and servers contain.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

const urlOf = (file) => JSON.stringify(new URL(`../../npm/${file}`, import.meta.url).href);

/** Runs the program first, then decompresses the module in the same process. */
const isTheModule = (program) => {
  const comparison = `
    import { readFileSync } from "node:fs";
    ${program}
    const { inflate } = await import(${urlOf("internal/inflate.js")});
    const { size, wasm } = await import(${urlOf("wasm-inline.js")});
    const module = readFileSync(new URL(${urlOf("openrouter_keys_bg.wasm")}));
    console.log(module.equals(inflate(wasm, size)));
  `;
  return execFileSync(process.execPath, ["--input-type=module", "--eval", comparison], { encoding: "utf8" });
};

test("Node's own decompressor writes the module byte for byte", () => {
  const program = `
    const zlib = process.getBuiltinModule("node:zlib");
    const { inflateRawSync } = zlib;
    zlib.inflateRawSync = (bytes) => (console.log("zlib"), inflateRawSync(bytes));
  `;
  assert.equal(isTheModule(program), "zlib\ntrue\n");
});

test("a platform without a decompressor gets the module byte for byte", () => {
  assert.equal(isTheModule("process.getBuiltinModule = undefined;"), "true\n");
});
