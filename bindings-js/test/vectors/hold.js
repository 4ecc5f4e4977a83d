// Checks wire vectors one by one.

import { callsOf } from "./calls.js";
import { problemsOf } from "./judge.js";
import { runnable } from "./left-out.js";

/**
 * Makes the calls with the package's exports `api` and those of its testing module. Throws
 * an error that lists the failures, with the vectors' names.
 */
export async function hold(vectors, api, testing, { options, inspect }) {
  const make = callsOf(api, testing, options);
  const calls = runnable(vectors);
  if (calls.length === 0) throw new Error("there is no vector");
  const failures = await Promise.all(
    calls.map(async (vector) => {
      const problems = problemsOf(vector, await make(vector), api, inspect);
      return problems.length > 0 ? [`${vector.name}\n    ${problems.join("\n    ")}`] : [];
    }),
  );
  const texts = failures.flat();
  if (texts.length > 0) throw new Error(`${texts.length} of ${calls.length} fail:\n${texts.join("\n")}`);
}
