// The scenario in a page whose bundler finds the package by its name.

import * as api from "openrouter-keys";

import { scenario } from "./scenario.js";

globalThis.run = (settings) => scenario(api, settings);
