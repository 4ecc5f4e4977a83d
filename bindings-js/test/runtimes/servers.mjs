// Server runtimes that run a program from the command line.

import { join } from "node:path";

import { output } from "./processes.mjs";
import { fromNpm } from "./programs.mjs";

const VERSION = /\d\S*/;

export const deno = () => fromNpm("@deno", "deno");
export const bun = () => fromNpm("@oven", "bin/bun");

export const SERVERS = [
  server("node", () => process.execPath, ["main.mjs"]),
  server("node-require", () => process.execPath, ["main.cjs"]),
  // Only the network is granted: the package needs no more.
  server("deno", deno, ["run", "--no-prompt", "--no-remote", "--allow-net=127.0.0.1", "main.mjs"]),
  server("bun", bun, ["run", "main.mjs"]),
];

function server(name, find, args) {
  return { name, run: (ground) => runServer(find(), args, ground) };
}

/** Runs the scenario with this program. */
export async function runServer(program, args, { folder, settings }) {
  const env = { ...process.env, NO_COLOR: "1", NO_PROXY: "127.0.0.1", DENO_DIR: join(folder, "deno") };
  const [version] = (await output(program, ["--version"], { env })).match(VERSION);
  const printed = await output(program, [...args, JSON.stringify(settings)], { cwd: folder, env });
  return { version, checks: JSON.parse(printed) };
}
