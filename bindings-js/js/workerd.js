// The entry for workerd, which compiles modules before they run.

import { load } from "./load.js";
import wasm from "./openrouter_keys_bg.wasm";

load(wasm);

export * from "./api.js";
