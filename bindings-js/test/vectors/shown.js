// All that printing and serializing show of a value, in any runtime.

/** `inspect` prints a value, if the runtime can. */
export function shown(value, inspect) {
  const printed = inspect?.(value, { depth: Infinity, showHidden: true });
  // In some runtimes, the stack is not an own property of an error.
  return [JSON.stringify(value), ...properties(value), value?.stack, printed].join("\n");
}

/** Everything that the own properties of the value and its cause show. */
function properties(value) {
  if (typeof value !== "object" || value === null) return [String(value)];
  const own = Reflect.ownKeys(value).flatMap((name) => [String(name), ...properties(value[name])]);
  return [String(value), ...own];
}
