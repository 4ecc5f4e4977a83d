// The entry for browsers and servers: the module is inline, so that no bundler
// has to know what to do with it.

import { load } from "./load.js";
import { wasm } from "./wasm-inline.js";

load(new WebAssembly.Module(Uint8Array.from(atob(wasm), (char) => char.charCodeAt(0))));

export * from "./api.js";
