// The package's entries, and how bundlers treat them.

import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

const PACKAGE = fileURLToPath(new URL("../../npm/", import.meta.url));
const manifest = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8"));

/** The file that these conditions resolve to. */
function resolved(target, conditions) {
  if (typeof target === "string") return target;
  const name = Object.keys(target).find((name) => name === "default" || conditions.includes(name));
  return name === undefined ? undefined : resolved(target[name], conditions);
}

test("every condition of the package finds a file of its format", () => {
  const ENTRIES = { ".": "index", "./helpers": "helpers", "./testing": "testing" };
  for (const [entry, name] of Object.entries(ENTRIES)) {
    const found = (...conditions) => resolved(manifest.exports[entry], conditions);
    for (const platform of [[], ["browser"], ["node"], ["react-native"], ["deno"], ["bun"], ["worker"]]) {
      assert.equal(found("import", ...platform), `./${name}.js`);
      assert.equal(found("require", ...platform), `./${name}.cjs`, `require with ${platform}`);
      assert.equal(found("types", "import", ...platform), `./${name}.d.ts`);
      assert.equal(found("types", "require", ...platform), `./${name}.d.cts`);
      assert.equal(found(...platform), `./${name}.js`);
    }
  }
  const main = (...conditions) => resolved(manifest.exports["."], conditions);
  assert.equal(main("workerd", "worker", "browser", "import"), "./workerd.js");
  assert.equal(main("edge-light", "worker", "import", "module"), "./edge-light.js");
  // A bundler can `require` an ES module; Jest's edge environment cannot.
  assert.equal(main("edge-light", "require", "module"), "./edge-light.js");
  assert.equal(main("edge-light", "require"), "./index.cjs");
});

test("every file that an entry names exists", () => {
  const files = (target) => (typeof target === "string" ? [target] : Object.values(target).flatMap(files));
  for (const file of files(manifest.exports)) assert.ok(existsSync(join(PACKAGE, file)), file);
});

test("a bundle of the helpers has no WebAssembly and is small", async () => {
  const { outputFiles } = await build({ entryPoints: [join(PACKAGE, "helpers.js")], bundle: true, minify: true, format: "esm", write: false });
  const [{ contents, text }] = outputFiles;
  assert.doesNotMatch(text, /WebAssembly\.(Module|Instance)|AGFzbQ/);
  assert.ok(gzipSync(contents).length < 3_000, `${gzipSync(contents).length} bytes`);
  assert.doesNotMatch(readFileSync(join(PACKAGE, "helpers.cjs"), "utf8"), /wasm/i);
});

test("no files of the package import each other in a circle, about which Rollup warns", async () => {
  const entryPoints = ["index", "helpers", "testing"].map((name) => join(PACKAGE, `${name}.js`));
  const { metafile } = await build({ entryPoints, bundle: true, format: "esm", write: false, metafile: true, outdir: "." });
  const imports = new Map(Object.entries(metafile.inputs).map(([file, { imports }]) => [file, imports.map(({ path }) => path)]));
  const reaches = (from, to, seen = new Set()) =>
    imports.get(from).some((file) => file === to || (!seen.has(file) && reaches(file, to, seen.add(file))));
  assert.ok(imports.size > 20);
  assert.deepEqual([...imports.keys()].filter((file) => reaches(file, file)), []);
});

test("the module loads in every form that bundlers give it, and an error names any other", async () => {
  const bytes = "readFileSync(new URL('./openrouter_keys_bg.wasm', import.meta.url))";
  const forms = {
    works: ["new WebAssembly.Module(BYTES)", "{ default: new WebAssembly.Module(BYTES) }", "BYTES", "new Uint8Array(BYTES).buffer", "{ default: BYTES }"],
    fails: ["'/assets/openrouter_keys_bg.wasm'", "new URL('https://example.com/a.wasm')", "undefined", "async () => {}", "{ memory: {} }", "Promise.resolve()"],
  };
  const folder = mkdtempSync(join(tmpdir(), "openrouter-keys-entries-"));
  try {
    cpSync(PACKAGE, folder, { recursive: true });
    const load = async (form, at) => {
      const own = join(folder, String(at));
      cpSync(PACKAGE, own, { recursive: true });
      writeFileSync(join(own, "wasm.js"), `import { readFileSync } from "node:fs";\nexport default ${form.replaceAll("BYTES", bytes)};\n`);
      const entry = readFileSync(join(own, "workerd.js"), "utf8");
      assert.ok(entry.includes('"./openrouter_keys_bg.wasm?module"'));
      writeFileSync(join(own, "workerd.js"), entry.replace("./openrouter_keys_bg.wasm?module", "./wasm.js"));
      const { OpenRouterKeys } = await import(pathToFileURL(join(own, "workerd.js")).href);
      return new OpenRouterKeys({ apiKey: "sk-or-v1-x" });
    };
    let at = 0;
    for (const form of forms.works) assert.ok(await load(form, at++), form);
    for (const form of forms.fails) {
      await assert.rejects(load(form, at++), (error) => error.code === "setup" && /import of openrouter_keys_bg\.wasm/.test(error.message), form);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
