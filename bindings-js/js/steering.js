// What a framework throws through `fetch` to steer rendering: Next.js and React.

import { read } from "./own.js";

/** Not a failure of the request, but a message to the framework, which must get it as it is. */
export function steers(thrown) {
  try {
    if (thrown === null || (typeof thrown !== "object" && typeof thrown !== "function")) return false;
    const [digest, then, $$typeof, code] = ["digest", "then", "$$typeof", "code"].map((name) => read(thrown, name));
    return (
      typeof digest === "string" ||
      typeof then === "function" ||
      $$typeof === Symbol.for("react.postpone") ||
      (typeof code === "string" && code.startsWith("NEXT_"))
    );
  } catch {
    return false;
  }
}
