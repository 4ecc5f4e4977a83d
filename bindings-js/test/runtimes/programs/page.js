// The checks in a page that loads the package's files unbundled.

import * as api from "./node_modules/openrouter-keys/index.js";
import * as operations from "./node_modules/openrouter-keys/operations.js";
import * as testing from "./node_modules/openrouter-keys/testing.js";

import { checks } from "./checks.js";

globalThis.run = (settings) => checks(api, operations, testing, settings);
