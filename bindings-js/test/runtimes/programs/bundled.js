// The checks in a page whose bundler finds the package by its name.

import * as api from "openrouter-keys";
import * as testing from "openrouter-keys/testing";

import { checks } from "./checks.js";

globalThis.run = (settings) => checks(api, testing, settings);
