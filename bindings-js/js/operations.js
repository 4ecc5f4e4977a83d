// The entry with the six operations and the listing alone, for browsers and servers.

import { inflate } from "./internal/inflate.js";
import { load } from "./internal/load.js";
import { size, wasm } from "./wasm-inline.js";

load(() => inflate(wasm, size));

export * from "./helpers.js";
export { Call } from "./internal/call.js";
export { Operations as OpenRouterKeys } from "./internal/operations.js";
export { Created, ResponseInfo } from "./internal/values.js";
