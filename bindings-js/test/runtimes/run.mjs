// Runs the packed and installed package against the emulator, over real HTTP,
// in every runtime: `node run.mjs EMULATOR [RUNTIME...]`.

import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { withProject } from "../unit/project.mjs";
import { files } from "../unit/vector-files.mjs";
import { BUNDLES } from "./bundles.mjs";
import { made, startEmulator } from "./emulator.mjs";
import { startMonstrous, startUntrusted } from "./hostile.mjs";
import { PAGES } from "./pages.mjs";
import { stopping } from "./processes.mjs";
import { Missing } from "./programs.mjs";
import { BROKEN, FIRST_CREATE_FAULT, MADE, SEEDED, WORKFLOWS } from "./scenario.js";
import { SERVERS } from "./servers.mjs";
import { WORKERD } from "./workerd.mjs";

const RUNTIMES = [...SERVERS, WORKERD, ...PAGES, ...BUNDLES];
const HERE = fileURLToPath(new URL(".", import.meta.url));

const [program, ...names] = process.argv.slice(2);
const unknown = names.filter((name) => !RUNTIMES.some((runtime) => runtime.name === name));
if (program === undefined || unknown.length > 0) {
  console.error(`usage: node run.mjs EMULATOR [RUNTIME...]\nruntimes: ${RUNTIMES.map(({ name }) => name).join(" ")}`);
  process.exit(2);
}

const root = mkdtempSync(join(tmpdir(), "openrouter-keys-runtimes-"));
process.on("exit", () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
const installed = install();

for (const runtime of RUNTIMES) {
  if (names.length > 0 && !names.includes(runtime.name)) continue;
  if (!(await passes(runtime))) process.exitCode = 1;
  if (stopping()) process.exit(1);
}
// A bundler or browser that leaves something open must not keep this process alive.
process.exit();

/** The folder of the installed package. */
function install() {
  const folder = join(root, "installed");
  withProject([], (project) => cpSync(join(project, "node_modules/openrouter-keys"), folder, { recursive: true }));
  return folder;
}

/** A project with the package, the checks, the vectors and the programs. */
function project(name) {
  const folder = join(root, name);
  cpSync(installed, join(folder, "node_modules/openrouter-keys"), { recursive: true });
  cpSync(join(HERE, "programs"), folder, { recursive: true });
  for (const file of ["scenario.js", "contexts.js"]) cpSync(join(HERE, file), join(folder, file));
  cpSync(join(HERE, "../vectors"), join(folder, "vectors"), { recursive: true });
  writeFileSync(join(folder, "vectors/files.js"), vectorFiles());
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ private: true, type: "module", dependencies: { "openrouter-keys": "*" } }),
  );
  return folder;
}

/** The vectors as a module: not every runtime reads files or imports JSON. */
function vectorFiles() {
  // As a string, half of a surrogate pair survives in every file.
  return `export const files = JSON.parse(${JSON.stringify(JSON.stringify(files))});\n`;
}

async function passes({ name, run, resends }) {
  const started = performance.now();
  try {
    const { version, checks } = await withEmulator(resends, (settings) => run({ folder: project(name), settings }));
    const failed = checks.filter(({ ok }) => !ok);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${name} ${version}: ${checks.length} checks, ${seconds} s, ${failed.length === 0 ? "ok" : "FAILED"}`);
    for (const { name: check, detail } of failed) console.log(`  not ok: ${check}\n    ${detail.replaceAll("\n", "\n    ")}`);
    return failed.length === 0;
  } catch (error) {
    if (error instanceof Missing) return skips(name, error);
    console.log(`${name}: FAILED\n  ${error.stack}`);
    return false;
  }
}

/** May be skipped, except in CI, where every runtime is installed. */
function skips(name, { message }) {
  console.log(`${name}: SKIPPED: ${message}`);
  return !process.env.CI;
}

async function withEmulator(resends, use) {
  const [emulator, untrusted, monstrous] = await Promise.all([startEmulator(program, SEEDED), startUntrusted(), startMonstrous()]);
  try {
    await emulator.failNext(FIRST_CREATE_FAULT);
    const { version, checks } = await use({
      apiKey: emulator.apiKey,
      baseUrl: emulator.baseUrl,
      closedUrl: await closedUrl(),
      untrustedUrl: untrusted.url,
      monstrousUrl: monstrous.url,
    });
    const seen = [isMadeOnce(await emulator.requests(), resends), ...areRefused(untrusted, monstrous)];
    return { version, checks: [...checks, ...seen] };
  } finally {
    for (const server of [emulator, untrusted, monstrous]) await server.stop();
  }
}

/**
 * When a reused connection breaks before the response, browsers silently resend the
 * request, even a POST. The package sends it once and cannot prevent that.
 */
function isMadeOnce(requests, resends) {
  const all = Object.entries(made(requests));
  const counts = Object.fromEntries(all.filter(([name]) => !name.startsWith(WORKFLOWS)));
  const isExpected = (name) => counts[name] === 1 || (resends && name === BROKEN && counts[name] === 2);
  return {
    name: "every key is created exactly once",
    ok: MADE.every(isExpected) && Object.keys(counts).length === MADE.length,
    detail: `created ${JSON.stringify(counts)}`,
  };
}

/** What reached the servers that no client should trust. */
function areRefused(untrusted, monstrous) {
  const creates = monstrous.requests.filter((method) => method === "POST").length;
  return [
    { name: "no request reaches a server with an untrusted certificate", ok: untrusted.requests.length === 0, detail: `${untrusted.requests}` },
    { name: "a create whose response has oversized headers is sent once", ok: creates === 1, detail: `${monstrous.requests}` },
  ];
}

/** Where nothing listens any more. */
async function closedUrl() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}/api/v1`;
}
