// A create in each of the situations, as a program of a server's runtime.

import * as api from "openrouter-keys";

import { deliver } from "./deliver.js";

console.log(JSON.stringify(await deliver(api, JSON.parse(process.argv[2]))));
// A server that says nothing keeps its connection open.
process.exit();
