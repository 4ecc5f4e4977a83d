// Whether two values say the same as JSON.

/** Nothing is the same as null, and the order of names says nothing. */
export const isSame = (one, other) => text(one) === text(other);

const text = (value) => JSON.stringify(value ?? null, inOrder);

function inOrder(_, value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
