// The checks in a page whose bundler resolves the package by name.

import * as api from "openrouter-keys";
import * as operations from "openrouter-keys/operations";
import * as testing from "openrouter-keys/testing";

import { checks } from "./checks.js";

globalThis.run = (settings) => checks(api, operations, testing, settings);
