// The scenario in a page that loads the package's files as they are.

import * as api from "./node_modules/openrouter-keys/index.js";

import { scenario } from "./scenario.js";

globalThis.run = (settings) => scenario(api, settings);
