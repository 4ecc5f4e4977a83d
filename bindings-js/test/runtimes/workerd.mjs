// workerd, whose modules are listed in a configuration: a bundle, and the
// package's WebAssembly beside it.

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
  await build({
    absWorkingDir: folder,
    entryPoints: ["worker-service.js"],
    outdir: service,
    bundle: true,
    format: "esm",
    conditions: ["workerd"],
    loader: { ".wasm": "copy" },
  });
  writeFileSync(join(service, "config.capnp"), configuration(readdirSync(service)));
  // The third descriptor is where it says which port it got.
  const child = start(program, ["serve", "config.capnp", "--control-fd=3"], {
    cwd: service,
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  try {
    const [, port] = await firstMatch(child, child.stdio[3], /"port":(\d+)/);
    const answer = await fetch(`http://127.0.0.1:${port}`, {
      method: "POST",
      body: JSON.stringify(settings),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (!answer.ok) throw new Error(`the service answered ${answer.status}: ${await answer.text()}`);
    return { version, checks: await answer.json() };
  } finally {
    await stop(child);
  }
}

function configuration(files) {
  const modules = files
    .map((name) => `(name = "${name}", ${name.endsWith(".wasm") ? "wasm" : "esModule"} = embed "${name}")`)
    // The first one is the service itself.
    .sort((one, other) => one.includes("wasm") - other.includes("wasm"));
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = (modules = [${modules.join(", ")}], compatibilityDate = "2026-01-01")),
    (name = "internet", network = (allow = ["local"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;
}
