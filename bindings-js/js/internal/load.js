// Loads the WebAssembly module, or records why that failed: helpers and error classes
// work without it.

import { noModule } from "./errors.js";
import * as glue from "../openrouter_keys_bg.js";

let problem;

/** Throws if the module could not be loaded. */
export function requireModule() {
  if (problem) throw problem;
}

/** `get` returns the module, or its bytes. */
export function load(get) {
  try {
    const module = moduleOf(get());
    const { exports } = new WebAssembly.Instance(module, { __proto__: null, "./openrouter_keys_bg.js": glue });
    glue.__wbg_set_wasm(exports);
    exports.__wbindgen_start();
  } catch (thrown) {
    problem = noModule(why(thrown), thrown);
  }
}

/** Whatever a bundler turns a `.wasm` import into. */
function moduleOf(given) {
  const found = given?.default ?? given;
  const kind = Object.prototype.toString.call(found);
  if (kind === "[object WebAssembly.Module]") return found;
  if (ArrayBuffer.isView(found) || kind === "[object ArrayBuffer]") return new WebAssembly.Module(found);
  throw new TypeError(`the bundler turned the import of openrouter_keys_bg.wasm into ${kind}; a WebAssembly.Module is required`);
}

function why(thrown) {
  if (typeof WebAssembly === "undefined") return "this platform has no WebAssembly, which the package needs";
  const text = String(thrown?.message ?? thrown);
  if (/Content.Security.Policy|unsafe-eval|violates|blocked by CSP/i.test(text)) {
    return "the Content-Security-Policy of this page blocks WebAssembly: add 'wasm-unsafe-eval' to its script-src; 'unsafe-eval' is not needed";
  }
  if (/code generation.*allowed/i.test(text)) {
    return "this platform does not compile WebAssembly: bundle with the export condition workerd (Cloudflare) or edge-light (Vercel)";
  }
  return `the WebAssembly module cannot be loaded (${text})`;
}
