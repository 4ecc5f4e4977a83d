// The entry for Vercel's edge runtime, whose bundler compiles imports with `?module`.

import { load } from "./internal/load.js";
import wasm from "./openrouter_keys_bg.wasm?module";

load(() => wasm);

export * from "./helpers.js";
export * from "./internal/api.js";
