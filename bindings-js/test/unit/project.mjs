// A folder with the packed package in its `node_modules`, like a user's project.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const TOOLS = fileURLToPath(new URL("../../", import.meta.url));

/** Calls with the folder of a project that contains copies of these files, and removes it. */
export function withProject(files, use) {
  const folder = mkdtempSync(join(tmpdir(), "openrouter-keys-project-"));
  try {
    writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
    install(folder);
    for (const file of files) copyFileSync(file, join(folder, basename(file)));
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function install(folder) {
  const modules = join(folder, "node_modules");
  const target = join(modules, "openrouter-keys");
  mkdirSync(target, { recursive: true });
  symlinkSync(join(TOOLS, "node_modules/@types"), join(modules, "@types"));
  const packed = execFileSync("npm", ["pack", "--json", "--pack-destination", folder], {
    cwd: join(TOOLS, "npm"),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [{ filename }] = JSON.parse(packed);
  execFileSync("tar", ["-xzf", join(folder, filename), "--strip-components=1", "-C", target]);
}
