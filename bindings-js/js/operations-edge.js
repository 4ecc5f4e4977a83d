// The entry `operations` for workerd and Vercel's edge runtime: see `workerd.js` and `edge-light.js`.

import { load } from "./internal/load.js";
import wasm from "./openrouter_keys_bg.wasm?module";

load(() => wasm);

export * from "./helpers.js";
export { Call } from "./internal/call.js";
export { Operations as OpenRouterKeys } from "./internal/operations.js";
export { Created, ResponseInfo } from "./internal/values.js";
