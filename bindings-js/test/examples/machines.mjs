// Runs a program in each runtime.

import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";

import { fromNpm } from "../runtimes/programs.mjs";
import { output } from "../runtimes/processes.mjs";
import { bundle, whileServed } from "../runtimes/workerd.mjs";

export const node = (folder, file, env) => output(process.execPath, [file], { cwd: folder, env: withPath(env) });

export function deno(folder, file, env) {
  const program = fromNpm("@deno", "deno");
  const rights = ["--no-prompt", "--no-remote", "--node-modules-dir=manual", "--allow-env", "--allow-net"];
  return output(program, ["run", ...rights, file], { cwd: folder, env: { ...withPath(env), NO_COLOR: "1" } });
}

export function bun(folder, file, env) {
  return output(fromNpm("@oven", "bin/bun"), ["--no-install", file], { cwd: folder, env: withPath(env) });
}

const withPath = (env) => ({ PATH: process.env.PATH, HOME: process.env.HOME, ...env });

/** What a worker returns in workerd, bundled as by Cloudflare's tool. All its fetches go to the emulator. */
export async function workerd(folder, file, { apiKey, baseUrl }) {
  const out = join(folder, `${basename(file, ".js")}.bundle`);
  await bundle(folder, file, out);
  writeFileSync(join(out, "config.capnp"), workerdSettings(basename(file), apiKey, new URL(baseUrl).host));
  return whileServed(fromNpm("@cloudflare", "bin/workerd"), out, async (url) => (await fetch(url)).text());
}

const workerdSettings = (script, apiKey, emulator) => `
  using Workerd = import "/workerd/workerd.capnp";
  const config :Workerd.Config = (
    services = [
      (name = "worker", worker = .worker),
      (name = "emulator", external = (address = "${emulator}", http = ())),
    ],
    sockets = [(name = "http", address = "127.0.0.1:0", service = "worker", http = ())],
  );
  const worker :Workerd.Worker = (
    modules = [
      (name = "worker", esModule = embed "${script}"),
      (name = "openrouter_keys_bg.wasm?module", wasm = embed "openrouter_keys_bg.wasm"),
    ],
    bindings = [(name = "OPENROUTER_MANAGEMENT_KEY", text = "${apiKey}")],
    globalOutbound = "emulator",
    compatibilityDate = "2025-06-01",
  );
`;
