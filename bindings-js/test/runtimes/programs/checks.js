// All checks in a runtime: the scenario against the emulator, the wire vectors with both entries,
// and async contexts if the runtime has them.

import { contexts } from "./contexts.js";
import { alone, scenario } from "./scenario.js";
import { files } from "./vectors/files.js";
import { hold } from "./vectors/hold.js";
import { shown } from "./vectors/shown.js";

/**
 * Runs the checks with the package's exports `api`, those of its entry `operations` and those of its
 * testing module, and returns the outcome of each. `settings.inspect` prints a value, and `AsyncLocalStorage`
 * is the class, if the runtime has these.
 */
export async function checks(api, operations, testing, { inspect, AsyncLocalStorage, ...settings }) {
  const results = [];

  async function check(name, holds) {
    try {
      await holds();
      results.push({ name, ok: true });
    } catch (error) {
      results.push({ name, ok: false, detail: `${error}\n${error?.stack}` });
    }
  }

  await scenario(api, settings, { check, shown: (value) => shown(value, inspect) });
  await alone(operations, api, settings, { check, shown: (value) => shown(value, inspect) });
  const options = settings.isBrowser && { dangerouslyAllowBrowser: true };
  for (const [entry, exports] of Object.entries({ "openrouter-keys": api, "openrouter-keys/operations": operations })) {
    for (const { name, vectors } of files) {
      await check(`every vector of ${name} passes with ${entry}`, () => hold(vectors, exports, testing, { options, inspect }));
    }
  }
  if (AsyncLocalStorage) await contexts(api, testing, { AsyncLocalStorage, check });
  return results;
}
