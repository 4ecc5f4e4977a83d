// The package's exports.

export { Call } from "./call.js";
export { OpenRouterKeys } from "./client.js";
export { Created, ResponseInfo, TemporaryKey } from "./values.js";
