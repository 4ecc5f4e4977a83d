// Checks the built package: its files, their sizes, and what the module imports. Prints
// the sizes; fails if anything exceeds its limit.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";

/** The most bytes that each may have after gzip -9. */
const BUDGETS = JSON.parse(readFileSync(new URL("../../tests/budgets.json", import.meta.url), "utf8")).gzip;

const GLUE = "openrouter_keys_bg.js";
const MODULE = "openrouter_keys_bg.wasm";
const OPERATIONS = "operations_bg.wasm";
const modulesOf = (folder) =>
  readdirSync(new URL(`../js/${folder}/`, import.meta.url))
    .filter((name) => name.endsWith(".js"))
    .map((name) => `${folder}/${name}`);
const INTERNAL = modulesOf("internal");
const FLEET = ["fleet.js", ...modulesOf("fleet")];
// Only the entries with an inline module decompress it.
const INFLATE = "internal/inflate.js";
const SHARED = ["helpers.js", ...INTERNAL.filter((name) => name !== INFLATE)];
const SHARED_WITH_OPERATIONS = ["helpers.js", ...["brand", "errors", "hidden", "own", "rotation", "steering"].map((name) => `internal/${name}.js`)];
const ENTRIES = {
  "module and glue": [MODULE, GLUE],
  "module of operations": [OPERATIONS],
  "index.js (import, browser)": ["index.js", "wasm-inline.js", INFLATE, GLUE, ...SHARED],
  "index.cjs (require)": ["index.cjs", "errors.cjs"],
  "workerd.js": ["workerd.js", MODULE, GLUE, ...SHARED],
  "edge-light.js": ["edge-light.js", MODULE, GLUE, ...SHARED],
  "operations.js (import, browser)": ["operations.js", ...SHARED_WITH_OPERATIONS],
  "operations.cjs (require)": ["operations.cjs", "errors.cjs", "helpers.cjs"],
  "operations-edge.js": ["operations-edge.js", OPERATIONS, ...SHARED_WITH_OPERATIONS],
  "fleet.js": [...FLEET, ...["brand", "errors", "hidden", "own", "rotation", "steering"].map((name) => `internal/${name}.js`)],
  "testing.js": ["testing.js", "internal/direct.js", "internal/own.js"],
};
const EXPECTED = [
  ...SHARED,
  ...FLEET,
  GLUE,
  INFLATE,
  MODULE,
  "LICENSE-APACHE",
  "LICENSE-MIT",
  "README.md",
  "edge-light.js",
  "errors.cjs",
  "fleet.cjs",
  "fleet.d.cts",
  "fleet.d.ts",
  "helpers.cjs",
  "helpers.d.cts",
  "helpers.d.ts",
  "index.cjs",
  "index.d.cts",
  "index.d.ts",
  "index.js",
  OPERATIONS,
  "operations-edge.js",
  "operations.cjs",
  "operations.d.cts",
  "operations.d.ts",
  "operations.js",
  "package.json",
  "testing.cjs",
  "testing.d.cts",
  "testing.d.ts",
  "testing.js",
  "wasm-inline.js",
  "workerd.js",
];

const folder = fileURLToPath(new URL("../npm/", import.meta.url));
const problems = [];

checkSizes();
checkFiles();
checkImports();
for (const problem of problems) console.error(`error: ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;

function checkSizes() {
  console.log("bytes                                  raw     gzip   brotli");
  for (const [name, files] of Object.entries(ENTRIES)) {
    const sizes = sizesOf(files);
    printSizes(name, sizes);
    if (!(sizes[1] <= BUDGETS[name])) problems.push(`${name} has ${sizes[1]} bytes after gzip, more than ${BUDGETS[name]}`);
  }
  const [all, operations] = [[MODULE], [OPERATIONS]].map(sizesOf);
  printSizes("of the module, the workflows", all.map((size, at) => size - operations[at]));
}

/** The size of the files together: raw, after gzip, after brotli. */
function sizesOf(files) {
  const bytes = Buffer.concat(files.map((file) => readFileSync(folder + file)));
  return [bytes, gzipSync(bytes, { level: 9 }), brotliCompressSync(bytes)].map((form) => form.length);
}

function printSizes(name, sizes) {
  console.log(name.padEnd(32), ...sizes.map((size) => String(size).padStart(8)));
}

function checkFiles() {
  const [packed] = JSON.parse(execFileSync("npm", ["pack", "--dry-run", "--json"], { cwd: folder, stdio: ["ignore", "pipe", "ignore"] }));
  const files = packed.files.map(({ path }) => path);
  const unexpected = files.filter((file) => !EXPECTED.includes(file));
  const missing = EXPECTED.filter((file) => !files.includes(file));
  if (unexpected.length > 0) problems.push(`these files do not belong in the package: ${unexpected.join(", ")}`);
  if (missing.length > 0) problems.push(`these files are missing from the package: ${missing.join(", ")}`);
  const { dependencies, scripts } = JSON.parse(readFileSync(`${folder}package.json`, "utf8"));
  if (dependencies || scripts) problems.push("the package has dependencies or scripts");
  console.log(`${files.length} files, ${packed.size} bytes packed, ${packed.unpackedSize} unpacked`);
}

function checkImports() {
  const home = process.env.HOME;
  for (const file of [MODULE, OPERATIONS]) {
    const bytes = readFileSync(folder + file);
    const others = WebAssembly.Module.imports(new WebAssembly.Module(bytes)).filter(({ module }) => module !== `./${GLUE}`);
    for (const { module, name } of others) problems.push(`${file} imports ${name} from ${module}`);
    if (home && home.length > 1 && bytes.includes(`${home}/`)) problems.push(`${file} contains folder names of the machine that built it`);
  }
  const glue = readFileSync(folder + GLUE, "utf8");
  if (/\bnew Function\b|\beval\(/.test(glue)) problems.push("the glue creates code from strings, which a strict Content-Security-Policy forbids");
}
