// The entry for Vercel's edge runtime, whose bundler compiles what is imported
// with `?module`.

import { load } from "./load.js";
import wasm from "./openrouter_keys_bg.wasm?module";

load(() => wasm);

export * from "./api.js";
