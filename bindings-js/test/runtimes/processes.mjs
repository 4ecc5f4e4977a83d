// Child processes that never outlive this one.

import { spawn } from "node:child_process";
import { once } from "node:events";

/** How long a child may take before it counts as hung. */
export const PATIENCE_MS = 60_000;

const running = new Set();

let isStopping = false;

/** Whether this process was told to stop. */
export const stopping = () => isStopping;

// Work in progress then fails at once and cleans up.
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    isStopping = true;
    killAll();
  });
}
process.on("exit", killAll);

function killAll() {
  for (const child of running) child.kill("SIGKILL");
}

export function start(command, args, options) {
  const child = spawn(command, args, { killSignal: "SIGKILL", ...options });
  running.add(child);
  child.once("exit", () => running.delete(child));
  child.once("error", () => running.delete(child));
  return child;
}

/** Runs a program to its end; returns what it printed. */
export async function output(command, args, options) {
  const child = start(command, args, { stdio: ["ignore", "pipe", "pipe"], timeout: PATIENCE_MS, ...options });
  const [printed, complained] = [text(child.stdout), text(child.stderr)];
  const [status, signal] = await once(child, "close");
  if (status === 0) return printed;
  throw new Error(`${command} ended with ${status ?? signal}\n${await printed}${await complained}`);
}

export async function stop(child) {
  if (!running.has(child)) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

async function text(stream) {
  let all = "";
  stream.setEncoding("utf8");
  for await (const piece of stream) all += piece;
  return all;
}

/** The first match in what the child prints. */
export async function firstMatch(child, stream, pattern) {
  let printed = "";
  stream.setEncoding("utf8");
  for await (const piece of stream.iterator({ destroyOnReturn: false })) {
    printed += piece;
    const match = printed.match(pattern);
    if (match) {
      stream.resume();
      return match;
    }
  }
  throw new Error(`${child.spawnfile} ended before it was ready\n${printed}`);
}
