// `node bindings-js/bench/sizes.mjs [--json]`, after `cargo xtask npm`: how much this package and the official SDK
// add to a program, bundled and minified by esbuild, and to `node_modules`.
//
// All files of a row are compressed as one, by gzip -9 and by brotli.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync, gzipSync } from "node:zlib";

import { build } from "esbuild";

import { table } from "./figures.mjs";

const PACKAGE = fileURLToPath(new URL("../npm/", import.meta.url));
const MODULES = fileURLToPath(new URL("../node_modules/", import.meta.url));
const GLUED = ["openrouter_keys_bg.wasm", "openrouter_keys_bg.js"];

const CLIENT = 'export { OpenRouterKeys } from "openrouter-keys";';
const CLASS = 'export { OpenRouter } from "@openrouter/sdk";';
const FUNCTIONS = [
  'export { OpenRouterCore } from "@openrouter/sdk/core.js";',
  ...["List", "Create", "Get", "Update", "Delete", "GetCurrentKeyMetadata"].map(
    (operation) => `export * from "@openrouter/sdk/funcs/apiKeys${operation}.js";`,
  ),
].join("\n");

const { json } = given();
const rows = [
  sizes("this package, its module inline", await bundled(CLIENT)),
  sizes("this package, in a Worker", await bundled(CLIENT, ["workerd"])),
  sizes("this package, module and glue alone", GLUED.map((file) => readFileSync(join(PACKAGE, file)))),
  sizes("official SDK, class", await bundled(CLASS)),
  sizes("official SDK, the six functions of API keys", await bundled(FUNCTIONS)),
];
const installed = [
  { what: "this package", ...share(PACKAGE) },
  { what: "official SDK and its dependencies", ...share(join(MODULES, "@openrouter/sdk")) },
];
if (json) {
  console.log(JSON.stringify({ rows, installed }));
} else {
  table(["bytes", "raw", "gzip", "brotli"], rows.map(({ what, raw, gzip, brotli }) => texts(what, raw, gzip, brotli)));
  console.log();
  table(["installed", "files", "bytes"], installed.map(({ what, files, bytes }) => texts(what, files, bytes)));
}

function given() {
  try {
    return parseArgs({ options: { json: { type: "boolean" } } }).values;
  } catch ({ message }) {
    console.error(`error: ${message}\nusage: node sizes.mjs [--json]`);
    return process.exit(2);
  }
}

/** The files of a bundle of this program, which imports the package by name from within it. */
async function bundled(contents, conditions = []) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: PACKAGE },
    outdir: PACKAGE,
    write: false,
    bundle: true,
    minify: true,
    format: "esm",
    conditions,
    loader: { ".wasm": "copy" },
  });
  return outputFiles.map(({ contents: bytes }) => bytes);
}

function sizes(what, files) {
  const whole = Buffer.concat(files);
  const [gzip, brotli] = [gzipSync(whole, { level: 9 }), brotliCompressSync(whole)].map((form) => form.length);
  return { what, raw: whole.length, gzip, brotli };
}

function texts(...row) {
  return row.map(String);
}

/** How much space a package and its dependencies take up. */
function share(folder) {
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const found = readdirSync(folder, { recursive: true }).map((file) => statSync(join(folder, file)));
  const own = found.filter((entry) => entry.isFile());
  const parts = Object.keys(dependencies).map((name) => share(join(MODULES, name)));
  return {
    files: own.length + parts.reduce((sum, { files }) => sum + files, 0),
    bytes: own.reduce((sum, { size }) => sum + size, 0) + parts.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
