// Ends calls by a signal.

import { readArgument } from "./errors.js";
import { read } from "./own.js";

/**
 * Passes the signal to `call` in the module's form: nothing, `true` if aborted, or
 * a promise that resolves on abort, and after the call, so that nothing waits on it.
 */
export function unlessAborted(operation, signal, call) {
  return signal ? withSignal(operation, signal, call) : call(undefined);
}

export function isAborted(operation, signal) {
  return Boolean(signal) && readArgument(operation, "signal", () => read(signal, "aborted"));
}

async function withSignal(operation, signal, call) {
  if (isAborted(operation, signal)) return call(true);
  let stop;
  const aborted = new Promise((resolve) => {
    stop = resolve;
  });
  const leave = join(operation, signal, stop);
  try {
    return await call(aborted);
  } finally {
    stop();
    leave();
  }
}

/** The calls of a signal share a listener: Node warns of more than ten. */
const groups = new WeakMap();

function join(operation, signal, stop) {
  const group = groups.get(signal) ?? begin(operation, signal);
  group.stops.add(stop);
  return () => {
    group.stops.delete(stop);
    if (group.stops.size === 0) end(signal, group);
  };
}

function begin(operation, signal) {
  const stops = new Set();
  const onAbort = () => {
    for (const stop of stops) stop();
  };
  readArgument(operation, "signal", () => signal.addEventListener("abort", onAbort));
  const group = { stops, onAbort };
  groups.set(signal, group);
  return group;
}

function end(signal, { onAbort }) {
  groups.delete(signal);
  try {
    signal.removeEventListener("abort", onAbort);
  } catch {
    // The call's result, perhaps a new secret, matters more.
  }
}
