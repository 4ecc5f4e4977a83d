// The entry for browsers and servers: the module is inline, so that no bundler
// has to know what to do with it.

import { load } from "./internal/load.js";
import { wasm } from "./wasm-inline.js";

load(() => bytesOf(atob(wasm)));

/** By a loop: `Uint8Array.from` with a function takes several times as long, tens of milliseconds. */
function bytesOf(binary) {
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

export * from "./helpers.js";
export * from "./internal/api.js";
