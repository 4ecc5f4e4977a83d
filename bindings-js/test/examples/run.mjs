// Runs every example and every code block of the README against the emulator, in a project
// with the packed package installed: `node run.mjs EMULATOR`.

import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { startEmulator } from "../runtimes/emulator.mjs";
import { Missing } from "../runtimes/programs.mjs";
import { withProject } from "../unit/project.mjs";
import { exampleChecks } from "./examples.mjs";
import { migratingChecks } from "./migrating.mjs";
import { readmeChecks } from "./readme.mjs";
import { typeChecks } from "./types.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const README = join(ROOT, "README.md");
/** What a program migrating from the official SDK has besides the package. */
const NEIGHBOURS = ["@openrouter", "@types", "zod"];
/** So that a listing has something to list. */
const SEEDED = 3;

const [program] = process.argv.slice(2);
if (program === undefined) {
  console.error("usage: node run.mjs EMULATOR");
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "openrouter-keys-examples-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
install();

const emulator = await startEmulator(program, SEEDED);
const checks = [exampleChecks(folder), readmeChecks(folder, README), migratingChecks(), typeChecks(folder, README)];
for (const check of checks.flat()) {
  if (!(await passes(check))) process.exitCode = 1;
}
await emulator.stop();

/** A project with the package, the examples, and whatever else a user has. */
function install() {
  withProject([], (project) => cpSync(project, folder, { recursive: true }));
  cpSync(join(ROOT, "examples"), folder, { recursive: true });
  mkdirSync(join(folder, "readme"));
  const modules = join(folder, "node_modules");
  rmSync(join(modules, "@types"), { recursive: true });
  for (const name of NEIGHBOURS) symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
}

async function passes({ name, run }) {
  try {
    await run(emulator);
    console.log(`ok ${name}`);
    return true;
  } catch (error) {
    if (error instanceof Missing) return skips(name, error);
    console.log(`not ok ${name}\n  ${error.stack}`);
    return false;
  }
}

/** May be skipped, except in CI, where every runtime is installed. */
function skips(name, { message }) {
  console.log(`SKIPPED ${name}: ${message}`);
  return !process.env.CI;
}
