// Bundles of a program that depends on the package, each run on its platform.

import { join } from "node:path";

import * as esbuild from "esbuild";
import * as vite from "vite";
import webpack from "webpack";

import { runBundle } from "./pages.mjs";
import { runServer } from "./servers.mjs";

const ENTRY = "bundled.js";

// The build of the package checks the size.
const NO_LIMIT_KB = Infinity;

export const BUNDLES = [
  bundle("vite", vite.version, byVite),
  bundle("webpack", webpack.version, byWebpack),
  bundle("esbuild", esbuild.version, byEsbuild),
  { name: "esbuild-node", run: runNodeBundle },
];

function bundle(name, bundler, make) {
  return {
    name,
    resends: true,
    async run({ folder, settings }) {
      const target = join(folder, "bundle");
      const warnings = await make(folder, target);
      const { version, checks } = await runBundle(target, ENTRY, settings);
      return { version: `${bundler} in Chromium ${version}`, checks: [quiet(warnings), ...checks] };
    },
  };
}

async function byVite(folder, target) {
  const warnings = [];
  await vite.build({
    root: folder,
    configFile: false,
    logLevel: "warn",
    customLogger: { ...vite.createLogger("silent"), warn: (text) => warnings.push(text), warnOnce: (text) => warnings.push(text) },
    build: {
      outDir: target,
      chunkSizeWarningLimit: NO_LIMIT_KB,
      rolldownOptions: { input: join(folder, ENTRY), output: { entryFileNames: ENTRY } },
    },
  });
  return warnings;
}

async function byWebpack(folder, target) {
  const compiler = webpack({
    mode: "production",
    context: folder,
    entry: `./${ENTRY}`,
    output: { path: target, filename: ENTRY },
    performance: false,
  });
  const stats = await promised((done) => compiler.run(done));
  await promised((done) => compiler.close(done));
  const { errors, warnings } = stats.toJson({ errors: true, warnings: true });
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
  return warnings.map(({ message }) => message);
}

async function byEsbuild(folder, target) {
  return esbuilt(folder, { entryPoints: [ENTRY], outfile: join(target, ENTRY), platform: "browser" });
}

async function runNodeBundle(ground) {
  const { folder } = ground;
  const outfile = join(folder, "bundle", "main.mjs");
  const warnings = await esbuilt(folder, { entryPoints: ["main.mjs"], outfile, platform: "node" });
  const { version, checks } = await runServer(process.execPath, [outfile], ground);
  return { version: `${esbuild.version} in Node ${version}`, checks: [quiet(warnings), ...checks] };
}

async function esbuilt(folder, options) {
  const { warnings } = await esbuild.build({
    absWorkingDir: folder,
    bundle: true,
    minify: true,
    format: "esm",
    logLevel: "silent",
    ...options,
  });
  return warnings.map(({ text }) => text);
}

function quiet(warnings) {
  return { name: "the bundler gives no warnings", ok: warnings.length === 0, detail: warnings.join("\n") };
}

function promised(call) {
  return new Promise((resolve, reject) => {
    call((error, value) => (error ? reject(error) : resolve(value)));
  });
}
