// What Next.js and React throw through `fetch` to control rendering.

import { read } from "./own.js";

/** Such as `NEXT_REDIRECT;…`, but not a hash. */
const DIGEST = /^[A-Z_]{4,}\b/;

/** The framework must get it unchanged. */
export function steers(thrown) {
  try {
    if (thrown === null || (typeof thrown !== "object" && typeof thrown !== "function")) return false;
    const [digest, then, $$typeof, code] = ["digest", "then", "$$typeof", "code"].map((name) => read(thrown, name));
    return (
      (typeof digest === "string" && DIGEST.test(digest)) ||
      typeof then === "function" ||
      $$typeof === Symbol.for("react.postpone") ||
      (typeof code === "string" && code.startsWith("NEXT_"))
    );
  } catch {
    return false;
  }
}
