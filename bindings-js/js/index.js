// The entry for browsers and servers. The module is inline, so that no bundler
// needs to know about it.

import { load } from "./internal/load.js";
import { wasm } from "./wasm-inline.js";

load(() => bytesOf(atob(wasm)));

/** A loop: `Uint8Array.from` with a function takes tens of milliseconds, several times as long. */
function bytesOf(binary) {
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

export * from "./helpers.js";
export * from "./internal/api.js";
