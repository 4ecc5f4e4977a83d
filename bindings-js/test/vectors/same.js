// Whether two values are the same as JSON.

/** `undefined` equals null, and the order of names does not matter. */
export const isSame = (one, other) => text(one) === text(other);

const text = (value) => JSON.stringify(value ?? null, inOrder);

function inOrder(_, value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
