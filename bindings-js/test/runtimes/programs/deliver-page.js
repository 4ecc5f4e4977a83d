// A create in each situation, in a page.

import * as api from "./node_modules/openrouter-keys/index.js";

import { deliver } from "./deliver.js";

globalThis.run = async (settings) => [await deliver(api, settings)];
