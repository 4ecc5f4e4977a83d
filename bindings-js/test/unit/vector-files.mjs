// The wire vectors of `tests/vectors`, file by file.

import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("../../../tests/vectors/", import.meta.url);

/** Every file with its vectors. */
export const files = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .map((name) => ({ name, vectors: JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")) }));
