// What a framework throws through `fetch` to steer rendering: Next.js and React.

import { read } from "./own.js";

/** Such as `NEXT_REDIRECT;…`, and no hash. */
const DIGEST = /^[A-Z_]{4,}\b/;

/** The framework must get it as it is. */
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
