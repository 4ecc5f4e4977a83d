// Puts the WebAssembly module behind its glue.

import * as glue from "./openrouter_keys_bg.js";

export function load(module) {
  const { exports } = new WebAssembly.Instance(module, { "./openrouter_keys_bg.js": glue });
  glue.__wbg_set_wasm(exports);
  exports.__wbindgen_start();
}
