// Calls that a signal ends.

import { look } from "./errors.js";

/**
 * Calls with what the module takes for a signal: nothing, `true` if it is
 * aborted, or a promise that resolves then. The promise resolves in the end in
 * any case, so that nothing is left waiting on it.
 */
export function unlessAborted(operation, signal, call) {
  return signal ? withSignal(operation, signal, call) : call(undefined);
}

async function withSignal(operation, signal, call) {
  if (look(operation, "signal", () => signal.aborted)) return call(true);
  let stop;
  const aborted = new Promise((resolve) => {
    stop = resolve;
  });
  const onAbort = () => stop();
  look(operation, "signal", () => signal.addEventListener("abort", onAbort));
  try {
    return await call(aborted);
  } finally {
    stop();
    try {
      signal.removeEventListener("abort", onAbort);
    } catch {
      // What the call came to, a new secret perhaps, matters more.
    }
  }
}
