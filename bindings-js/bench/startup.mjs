// `node bindings-js/bench/startup.mjs [--json] [--rounds N]`, after `cargo xtask npm`: how long each runtime takes
// to start bare, and to start, import this package or the official SDK and build a client.
//
// Node, Deno and Bun run a program with both in its `node_modules`: a process from start to end. workerd and
// Chromium get bundles that esbuild minified: a process from its start to the first response of a Worker that builds
// a client; a new browser context from the `import()` of a module to its client, over loopback. All take turns in
// each round, so that other load on the machine affects them alike. Warm-up rounds fill Deno's and Bun's disk caches.

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { build } from "esbuild";
import puppeteer from "puppeteer-core";

import { stopping } from "../test/runtimes/processes.mjs";
import { fromNpm, Missing, onPath } from "../test/runtimes/programs.mjs";
import { configure, whileServed } from "../test/runtimes/workerd.mjs";
import { table } from "./figures.mjs";

const WARM_UP = 2;
const ROUNDS = "21";

const BINDINGS = fileURLToPath(new URL("../", import.meta.url));
const API_KEY = 'apiKey: "sk-or-v1-the-management-key-of-the-benchmark"';

/** Code that imports a client's class, and code that builds the client. */
const CLIENTS = {
  bare: ["", ""],
  package: [
    'import { OpenRouterKeys } from "openrouter-keys";',
    `new OpenRouterKeys({ ${API_KEY}, dangerouslyAllowBrowser: true });`,
  ],
  sdk: ['import { OpenRouter } from "@openrouter/sdk";', `new OpenRouter({ ${API_KEY} });`],
};
const REQUIRED = `const { OpenRouterKeys } = require("openrouter-keys");\nnew OpenRouterKeys({ ${API_KEY} });\n`;
const PAGE = '<!DOCTYPE html><title>Startup</title><link rel="icon" href="data:,">';

const { json, rounds } = given();
const folder = mkdtempSync(join(tmpdir(), "openrouter-keys-startup-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
writeProject();

const rows = [];
const closers = [];
for (const [runtime, make] of Object.entries({ Node: node, Deno: deno, Bun: bun, workerd, Chromium: chromium })) {
  rows.push(...(await rowsOf(runtime, make)));
}
await race(rows.filter(({ measure }) => measure));
for (const close of closers) await close();
print();

function given() {
  try {
    const options = { json: { type: "boolean" }, rounds: { type: "string", default: ROUNDS } };
    const { values } = parseArgs({ options });
    if (/^[1-9]\d*$/.test(values.rounds)) return { ...values, rounds: Number(values.rounds) };
    throw new Error(`--rounds must be a whole number of at least 1, not ${values.rounds}`);
  } catch ({ message }) {
    console.error(`error: ${message}\nusage: node startup.mjs [--json] [--rounds N]`);
    return process.exit(2);
  }
}

/** A project that depends on both clients, with the programs. */
function writeProject() {
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "@openrouter"), { recursive: true });
  symlinkSync(join(BINDINGS, "npm"), join(modules, "openrouter-keys"));
  symlinkSync(join(BINDINGS, "node_modules/@openrouter/sdk"), join(modules, "@openrouter/sdk"));
  const dependencies = { "openrouter-keys": "*", "@openrouter/sdk": "*" };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }));
  writeFileSync(join(folder, "require.cjs"), REQUIRED);
  for (const [client, [load, make]] of Object.entries(CLIENTS)) {
    writeFileSync(join(folder, `${client}.mjs`), `${load}\n${make}\n`);
    const service = `export default { fetch() { ${make} return new Response("here"); } };`;
    writeFileSync(join(folder, `${client}-service.mjs`), `${load}\n${service}\n`);
  }
}

/** A row for each client, or one that says that the runtime is missing. */
async function rowsOf(runtime, make) {
  try {
    const { version, measures } = await make();
    return Object.entries(measures).map(([client, measure]) => ({ runtime, version, client, measure, times: [] }));
  } catch (error) {
    if (error instanceof Missing) return [{ runtime, missing: error.message }];
    throw error;
  }
}

async function forEachClient(measure) {
  const made = Object.keys(CLIENTS).map(async (client) => [client, await measure(client)]);
  return Object.fromEntries(await Promise.all(made));
}

async function race(contestants) {
  for (let round = -WARM_UP; round < rounds; round++) {
    // Alternating, so that none always cleans up after the same predecessor.
    for (const { measure, times } of round % 2 === 0 ? contestants : contestants.toReversed()) {
      const time = await measure();
      if (stopping()) process.exit(1);
      if (round >= 0) times.push(time);
    }
  }
}

async function node() {
  const { version, measures } = await program(process.execPath, []);
  return { version, measures: { ...measures, "package, require": () => wholeRun(process.execPath, ["require.cjs"]) } };
}

async function deno() {
  return program(fromNpm("@deno", "deno"), ["run", "--allow-all", "--no-remote", "--no-lock"]);
}

async function bun() {
  return program(fromNpm("@oven", "bin/bun"), ["run"]);
}

async function program(file, args) {
  const measures = await forEachClient((client) => () => wholeRun(file, [...args, `${client}.mjs`]));
  return { version: versionIn(ran(file, ["--version"])), measures };
}

function wholeRun(file, args) {
  const started = performance.now();
  ran(file, args);
  return performance.now() - started;
}

function ran(file, args) {
  const caches = { DENO_DIR: join(folder, "deno"), BUN_RUNTIME_TRANSPILER_CACHE_PATH: join(folder, "bun") };
  const env = { ...process.env, ...caches, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  return execFileSync(file, args, { cwd: folder, env, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

function versionIn(text) {
  return text.match(/\d\S*/)[0];
}

async function workerd() {
  const file = fromNpm("@cloudflare", "bin/workerd");
  const measures = await forEachClient(async (client) => {
    const service = join(folder, `${client}-service`);
    await bundle(`${client}-service.mjs`, { outdir: service, conditions: ["workerd"], loader: { ".wasm": "copy" } });
    configure(service);
    return () => firstResponse(file, service);
  });
  return { version: versionIn(ran(file, ["--version"])), measures };
}

function firstResponse(file, service) {
  const started = performance.now();
  return whileServed(file, service, async (url) => {
    const response = await fetch(url);
    const text = await response.text();
    const ended = performance.now();
    if (text !== "here") throw new Error(`the service returned ${response.status}: ${text}`);
    return ended - started;
  });
}

async function chromium() {
  const executablePath = onPath("chromium", "chromium-browser", "google-chrome");
  const profile = join(folder, "profile");
  const browser = await puppeteer.launch({ executablePath, args: ["--no-sandbox"], userDataDir: profile });
  closers.push(() => browser.close());
  const url = await servePages();
  const measures = await forEachClient(async (client) => {
    await bundle(`${client}.mjs`, { outfile: join(folder, "pages", client) });
    return () => importInPage(browser, url, client);
  });
  return { version: versionIn(await browser.version()), measures };
}

async function servePages() {
  const server = createServer((request, response) => {
    const isPage = request.url === "/";
    response.setHeader("content-type", isPage ? "text/html" : "text/javascript");
    response.end(isPage ? PAGE : readFileSync(join(folder, "pages", request.url)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => server.close());
  return `http://127.0.0.1:${server.address().port}/`;
}

async function importInPage(browser, url, client) {
  const context = await browser.createBrowserContext();
  try {
    const tab = await context.newPage();
    await tab.setCacheEnabled(false);
    await tab.goto(url);
    return await tab.evaluate(async (module) => {
      const started = performance.now();
      await import(module);
      return performance.now() - started;
    }, `${url}${client}`);
  } finally {
    await context.close();
  }
}

function bundle(entry, options) {
  const common = { absWorkingDir: folder, bundle: true, minify: true, format: "esm", logLevel: "error" };
  return build({ ...common, entryPoints: [entry], ...options });
}

function print() {
  const results = rows.map(({ measure, times, ...row }) => (measure ? { ...row, ...figures(times) } : row));
  if (json) return console.log(JSON.stringify({ rows: results }));
  const bare = (row) => results.find(({ runtime, client }) => runtime === row.runtime && client === "bare");
  const texts = results.map((row) => {
    const { runtime, missing, version, client } = row;
    if (missing) return [`${runtime}: ${missing}`, "", "", ""];
    const more = row.median_ms - bare(row).median_ms;
    const [median, low, high, added] = [row.median_ms, row.low_ms, row.high_ms, more].map((ms) => ms.toFixed(1));
    return [`${runtime} ${version}, ${client}`, median, `${low} to ${high}`, added];
  });
  return table(["", "median ms", "quartiles", "more than bare"], texts);
}

function figures(times) {
  const sorted = times.toSorted((one, other) => one - other);
  const at = (share) => Number(sorted[Math.round((sorted.length - 1) * share)].toFixed(3));
  return { median_ms: at(0.5), low_ms: at(0.25), high_ms: at(0.75) };
}
