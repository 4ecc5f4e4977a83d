// `node bindings-js/bench/startup.mjs`, after `cargo xtask npm`: what importing
// the package and building a client adds to the start of Node, and what the
// official SDK adds.
//
// Every start is a process of its own, from nothing to its end. All take turns
// in each round, so that what else the machine does hits all of them alike.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { median, table } from "./figures.mjs";

const WARM_UP = 3;
const ROUNDS = 31;

const BENCH = fileURLToPath(new URL(".", import.meta.url));
const BARE = "bare Node";
const API_KEY = '{ apiKey: "sk-or-v1-the-management-key-of-the-benchmark" }';

const starts = {
  [BARE]: ["--eval", ""],
  "bare Node, a module": ["--input-type=module", "--eval", ""],
  "this package, import": module("OpenRouterKeys", "../npm/index.js"),
  "this package, require": ["--eval", `const { OpenRouterKeys } = require("../npm/index.cjs"); new OpenRouterKeys(${API_KEY});`],
  "SDK, import": module("OpenRouter", "@openrouter/sdk"),
};

function module(name, from) {
  return ["--input-type=module", "--eval", `import { ${name} } from "${from}"; new ${name}(${API_KEY});`];
}

const times = Object.fromEntries(Object.keys(starts).map((name) => [name, []]));
for (let round = -WARM_UP; round < ROUNDS; round++) {
  for (const [name, args] of Object.entries(starts)) {
    const started = performance.now();
    execFileSync(process.execPath, args, { cwd: BENCH, stdio: ["ignore", "ignore", "inherit"] });
    const ended = performance.now();
    if (round >= 0) times[name].push(ended - started);
  }
}
table(
  ["", "median ms", "more than bare"],
  Object.entries(times).map(([name, all]) => [name, median(all).toFixed(1), (median(all) - median(times[BARE])).toFixed(1)]),
);
