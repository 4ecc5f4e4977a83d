// The scenario in a module worker that loads the package's files as they are.

import * as api from "./node_modules/openrouter-keys/index.js";

import { scenario } from "./scenario.js";

addEventListener("message", async ({ data }) => postMessage(await scenario(api, data)));
