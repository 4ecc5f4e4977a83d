// The entry for browsers and servers. The module is inline, so that no bundler
// needs to know about it.

import { inflate } from "./internal/inflate.js";
import { load } from "./internal/load.js";
import { size, wasm } from "./wasm-inline.js";

load(() => inflate(wasm, size));

export * from "./helpers.js";
export * from "./internal/api.js";
