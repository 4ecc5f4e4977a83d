// Runs the README's code blocks as they are, each in the runtime of its heading.

import assert from "node:assert/strict";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { transformSync } from "esbuild";

import { bun, deno, node, workerd } from "./machines.mjs";
import { besideItsServer, onItsOwn } from "./pages.mjs";
import { freshHash, keysAt, showsNoSecret, watched } from "./traffic.mjs";

const FENCE = /^```(js|ts)\n(.*?)^```$/gms;
const HEADING = /^#+ (.*)$/gm;

/** Runs a block in Node. */
const inNode = async (block, emulator) => node(block.folder, block.program, await environment(emulator));

/** Blocks that do not run in Node, or need more than that. */
const SPECIAL = {
  Deno: async (block, emulator) => deno(block.folder, block.program, await environment(emulator)),
  Bun: async (block, emulator) => bun(block.folder, block.program, await environment(emulator)),
  "Cloudflare Workers": async (block, emulator) => namesKey(await workerd(block.folder, block.file, await withKey(emulator))),
  "Next.js on Vercel's edge": route,
  Browser: async (block, emulator) => namesKey(String(await besideItsServer(block, await withKey(emulator)))),
  "In browsers": onItsOwn,
  "When the response to a create is lost": afterLoss,
};

/** Blocks that show that nothing is sent. */
const SILENT = ["Rotating many keys, from many machines", "Testing", "Cancelling", "Bundlers and platforms"];

/** Each block's code, language, heading and number. */
export function blocksOf(file) {
  const text = readFileSync(file, "utf8");
  const headings = [...text.matchAll(HEADING)];
  return [...text.matchAll(FENCE)].map(({ 1: language, 2: code, index }, at) => ({
    number: at + 1,
    language,
    code,
    heading: headings.findLast((heading) => heading.index < index)[1],
  }));
}

export function readmeChecks(folder, file) {
  copyFileSync(fileURLToPath(new URL("globals.mjs", import.meta.url)), join(folder, "globals.mjs"));
  return blocksOf(file).map((block) => ({
    name: `README, block ${block.number}: ${block.heading}`,
    run: (emulator) => works(prepared(folder, block), emulator),
  }));
}

async function works(block, emulator) {
  const run = SPECIAL[block.heading] ?? inNode;
  const { value: printed, requests } = await watched(emulator, () => run(block, emulator));
  showsNoSecret(String(printed));
  // The key that a block can use was created by a marked request.
  const sent = requests.filter(({ headers }) => !headers.some(([name]) => name === "x-from-the-tests"));
  assert.equal(sent.length === 0, SILENT.includes(block.heading), `it sent ${sent.length} requests`);
}

/** Writes the block to a file, with a program that runs it with its globals. */
function prepared(folder, block) {
  const name = `readme/block-${block.number}`;
  const file = `${name}.${extension(block)}`;
  writeFileSync(join(folder, file), lowered(block));
  const program = `${name}.run.mjs`;
  writeFileSync(join(folder, program), `await import("../globals.mjs");\nawait import("../${file}");\n`);
  return { ...block, folder, file, program };
}

const isRunAsItIs = ({ heading }) => heading === "Deno" || heading === "Bun";

function extension(block) {
  if (isRunAsItIs(block)) return block.language;
  if (block.heading === "Cloudflare Workers") return "js";
  return block.code.includes("require(") ? "cjs" : "mjs";
}

/** Node 20 supports neither types nor `using`. */
function lowered(block) {
  return isRunAsItIs(block) ? block.code : transformSync(block.code, { loader: block.language, target: "es2022" }).code;
}

async function environment(emulator) {
  const hash = await freshHash(emulator);
  // The official SDK's blocks read its variable.
  return { EMULATOR: emulator.baseUrl, OPENROUTER_MANAGEMENT_KEY: emulator.apiKey, OPENROUTER_API_KEY: emulator.apiKey, HASH: hash };
}

/** The emulator, with at least one key of the tests. */
async function withKey(emulator) {
  await freshHash(emulator);
  return emulator;
}

function namesKey(printed) {
  assert.match(printed, /The README's own/);
}

/** What the route returns, in a process with its own `fetch`. */
async function route({ folder, file }, emulator) {
  const caller = `${file}.call.mjs`;
  const code = `await import("../globals.mjs");
    const { GET } = await import("../${file}");
    console.log(await (await GET()).text());\n`;
  writeFileSync(join(folder, caller), code);
  namesKey(await node(folder, caller, await environment(emulator)));
}

/** The response to the create is lost, yet in the end one key has its name. */
async function afterLoss(block, emulator) {
  const env = await environment(emulator);
  const before = (await keysAt(emulator)).length;
  await emulator.failNext("method=POST,reset-after-commit");
  const { value, requests } = await watched(emulator, () => node(block.folder, block.program, env));
  assert.equal(requests.filter(({ method, committed }) => method === "POST" && committed).length, 2);
  assert.equal((await keysAt(emulator)).length, before + 1);
  return value;
}
