// The entry for workerd, which compiles modules before they run. Of the ways to import
// one, `?module` is what wrangler, Cloudflare's Vite plugin and Nitro have in common.

import { load } from "./load.js";
import wasm from "./openrouter_keys_bg.wasm?module";

load(() => wasm);

export * from "./api.js";
