// All that printing and serialising show of a value, in any runtime.

/** `inspect` is what the runtime prints of a value, where it has such a function. */
export function shown(value, inspect) {
  const printed = inspect?.(value, { depth: Infinity, showHidden: true });
  // Not every runtime has the stack among an error's own properties.
  return [JSON.stringify(value), ...properties(value), value?.stack, printed].join("\n");
}

/** Everything that the value's own properties say, and its cause's. */
function properties(value) {
  if (typeof value !== "object" || value === null) return [String(value)];
  const own = Reflect.ownKeys(value).flatMap((name) => [String(name), ...properties(value[name])]);
  return [String(value), ...own];
}
