// A create in each of the situations, in a page.

import * as api from "./node_modules/openrouter-keys/index.js";

import { deliver } from "./deliver.js";

globalThis.run = async (settings) => [await deliver(api, settings)];
