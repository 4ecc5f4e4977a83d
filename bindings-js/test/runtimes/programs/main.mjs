// The checks as a program in a server runtime that imports the package.

import { AsyncLocalStorage } from "node:async_hooks";
import { inspect } from "node:util";

import * as api from "openrouter-keys";
import * as operations from "openrouter-keys/operations";
import * as testing from "openrouter-keys/testing";

import { checks } from "./checks.js";

const printed = globalThis.Deno?.inspect ?? globalThis.Bun?.inspect ?? inspect;
const settings = JSON.parse(process.argv[2]);
console.log(JSON.stringify(await checks(api, operations, testing, { ...settings, inspect: printed, AsyncLocalStorage })));
