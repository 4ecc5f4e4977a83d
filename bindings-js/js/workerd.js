// The entry for workerd. Its bundlers (wrangler, Cloudflare's Vite plugin, Nitro) all know `?module`.

import { load } from "./internal/load.js";
import wasm from "./openrouter_keys_bg.wasm?module";

load(() => wasm);

export * from "./helpers.js";
export * from "./internal/api.js";
