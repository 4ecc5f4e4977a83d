// What importing the package costs.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

/** Reading one of these makes Node load all of its `fetch`, which takes as long as the whole import. */
const LOADED_WHEN_SEEN = ["FormData", "Headers", "Request", "Response", "MessageEvent"];

test("importing the package and creating a client load nothing of the runtime that only a call needs", () => {
  const program = `
    for (const name of ${JSON.stringify(LOADED_WHEN_SEEN)}) {
      Object.defineProperty(globalThis, name, { configurable: true, get: () => console.log(name) });
    }
    const { OpenRouterKeys } = await import(${JSON.stringify(new URL("../../npm/index.js", import.meta.url).href)});
    new OpenRouterKeys({ apiKey: "sk-or-v1-test" });
  `;
  const said = execFileSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" });
  assert.equal(said, "");
});
