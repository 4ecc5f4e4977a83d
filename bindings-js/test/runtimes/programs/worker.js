// The checks in a module worker that loads the package's files unbundled.

import * as api from "./node_modules/openrouter-keys/index.js";
import * as operations from "./node_modules/openrouter-keys/operations.js";
import * as testing from "./node_modules/openrouter-keys/testing.js";

import { checks } from "./checks.js";

addEventListener("message", async ({ data }) => postMessage(await checks(api, operations, testing, data)));
