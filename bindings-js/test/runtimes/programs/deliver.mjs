// A create in each situation, as a program in a server runtime.

import * as api from "openrouter-keys";

import { deliver } from "./deliver.js";

console.log(JSON.stringify(await deliver(api, JSON.parse(process.argv[2]))));
// A server that sends nothing keeps its connection open.
process.exit();
