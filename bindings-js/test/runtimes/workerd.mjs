// workerd, whose configuration lists its modules: a bundle, and the package's WebAssembly.

import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { build } from "esbuild";

import { firstMatch, output, PATIENCE_MS, start, stop } from "./processes.mjs";
import { fromNpm } from "./programs.mjs";

export const WORKERD = { name: "workerd", run };

async function run({ folder, settings }) {
  const program = fromNpm("@cloudflare", "bin/workerd");
  const [version] = (await output(program, ["--version"])).match(/\d\S*/);
  const service = join(folder, "service");
  mkdirSync(service);
  await bundle(folder, "worker-service.js", service);
  configure(service);
  return whileServed(program, service, async (url) => {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await fetch(url, { method: "POST", body: JSON.stringify(settings), signal });
    if (!response.ok) throw new Error(`the service returned ${response.status}: ${await response.text()}`);
    return { version, checks: await response.json() };
  });
}

/** Bundles a Worker as Cloudflare's tool does; the WebAssembly is a file beside it. */
export async function bundle(folder, entry, outdir) {
  await build({
    absWorkingDir: folder,
    entryPoints: [entry],
    outdir,
    assetNames: "[name]",
    bundle: true,
    format: "esm",
    conditions: ["workerd"],
    external: ["node:async_hooks"],
    loader: { ".wasm": "copy" },
    logLevel: "error",
  });
}

/** Writes the configuration of a service with this folder's files. */
export function configure(folder) {
  writeFileSync(join(folder, "config.capnp"), configuration(readdirSync(folder)));
}

/** Starts the folder's service, runs the work with its URL, and stops it. */
export async function whileServed(program, folder, work) {
  // It writes its port to the third descriptor.
  const stdio = ["ignore", "inherit", "inherit", "pipe"];
  const child = start(program, ["serve", "config.capnp", "--control-fd=3"], { cwd: folder, stdio });
  try {
    const [, port] = await firstMatch(child, child.stdio[3], /"port":(\d+)/);
    return await work(`http://127.0.0.1:${port}`);
  } finally {
    await stop(child);
  }
}

function configuration(files) {
  const modules = files
    // As it is imported.
    .map((name) => `(name = "${name.endsWith(".wasm") ? `${name}?module` : name}", ${name.endsWith(".wasm") ? "wasm" : "esModule"} = embed "${name}")`)
    // The first one is the service itself.
    .sort((one, other) => one.includes("wasm") - other.includes("wasm"));
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = (modules = [${modules.join(", ")}], compatibilityDate = "2026-01-01", compatibilityFlags = ["nodejs_als"])),
    (name = "internet", network = (allow = ["local"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;
}
