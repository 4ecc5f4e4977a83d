// Checks the types of the package as programs see them: one `tsc` for each
// configuration, in a project that has the package installed.

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { withProject } from "../unit/project.mjs";

const SOURCES = fileURLToPath(new URL(".", import.meta.url));
const COMPILER = fileURLToPath(new URL("../../node_modules/typescript/lib/tsc.js", import.meta.url));
const BASE = "tsconfig.json";

const files = readdirSync(SOURCES);
const configurations = files.filter((name) => name.endsWith(".json") && name !== BASE);
const sources = files.map((name) => join(SOURCES, name));
withProject(sources, (folder) => {
  const failed = configurations.filter((name) => !holds(folder, name));
  if (failed.length === 0) return;
  console.error(`error: the types do not check under ${failed.join(", ")}`);
  process.exitCode = 1;
});

function holds(folder, configuration) {
  const { status } = spawnSync(process.execPath, [COMPILER, "--project", join(folder, configuration)], { cwd: folder, stdio: "inherit" });
  console.log(`${status === 0 ? "ok" : "not ok"} types under ${configuration}`);
  return status === 0;
}
