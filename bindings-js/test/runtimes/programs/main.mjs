// The scenario as a program of a server's runtime that imports the package.

import { inspect } from "node:util";

import * as api from "openrouter-keys";

import { scenario } from "./scenario.js";

const printed = globalThis.Deno?.inspect ?? globalThis.Bun?.inspect ?? inspect;
const settings = JSON.parse(process.argv[2]);
const checks = await scenario(api, { ...settings, inspect: (value) => printed(value, { showHidden: true }) });
console.log(JSON.stringify(checks));
