// The types of the README's blocks and of the examples.

import { cpSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { output } from "../runtimes/processes.mjs";
import { blocksOf } from "./readme.mjs";

const COMPILER = fileURLToPath(new URL("../../node_modules/typescript/lib/tsc.js", import.meta.url));

const GLOBALS = `
  import type { OpenRouterKeys as Client } from "openrouter-keys";
  declare global {
    var OpenRouterKeys: typeof Client;
    var keys: Client;
    var hash: string;
    var secret: string;
    var vault: { store(secret: string): Promise<void>; read(name: string): Promise<string> };
    var Deno: any;
  }
`;

const SETTINGS = {
  compilerOptions: {
    allowJs: true,
    checkJs: true,
    noEmit: true,
    skipLibCheck: true,
    strict: false,
    module: "esnext",
    moduleResolution: "bundler",
    moduleDetection: "force",
    target: "esnext",
    lib: ["esnext", "dom", "dom.iterable"],
    types: ["node"],
    paths: { "npm:openrouter-keys": ["./node_modules/openrouter-keys/index.d.ts"] },
  },
  include: ["types"],
};

const IN_FOLDERS = ["workers/worker.js", "workers-fleet/worker.js", "next-edge/route.js", "browser/main.js"];

/** One block leaves out a field on purpose. */
const WRONG_ON_PURPOSE = 'keys.create({ name: "Forgotten" })';

export function typeChecks(folder, readme) {
  return [{ name: "types of the README's blocks and of the examples", run: () => hold(folder, blocksOf(readme)) }];
}

async function hold(folder, blocks) {
  const target = join(folder, "types");
  for (const file of readdirSync(folder).filter((name) => /^(node|bun|deno)\./.test(name))) {
    cpSync(join(folder, file), join(target, file));
  }
  for (const file of IN_FOLDERS) cpSync(join(folder, file), join(target, file));
  for (const { number, language, code } of blocks) {
    const marked = code.replace(WRONG_ON_PURPOSE, `// @ts-expect-error\n${WRONG_ON_PURPOSE}`);
    writeFileSync(join(target, `block-${number}.${language}`), marked);
  }
  writeFileSync(join(target, "globals.d.ts"), GLOBALS);
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(SETTINGS));
  await output(process.execPath, [COMPILER, "--project", "."], { cwd: folder });
}
