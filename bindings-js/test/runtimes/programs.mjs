// Finds the programs of runtimes on this machine.

import { accessSync, constants, readdirSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const MODULES = fileURLToPath(new URL("../../node_modules/", import.meta.url));

/** A runtime is not available on this machine. */
export class Missing extends Error {}

/** The program on the PATH with one of these names. */
export function onPath(...names) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
  if (found) return found;
  throw new Missing(`there is no ${names.join(", no ")} on the PATH`);
}

/** The program at `path` in the scope's package that npm chose for this machine, or else the one on the PATH. */
export function fromNpm(scope, path) {
  const found = packages(scope)
    .map((name) => join(MODULES, scope, name, path))
    .find(isProgram);
  return found ?? onPath(basename(path));
}

function packages(scope) {
  try {
    return readdirSync(join(MODULES, scope));
  } catch {
    return [];
  }
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
