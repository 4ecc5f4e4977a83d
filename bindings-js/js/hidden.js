// What objects hold out of sight: an inspector that is attached prints private fields.

const all = new WeakMap();

/** Gives the object what it alone holds. */
export function hide(owner, own) {
  all.set(owner, own);
  return owner;
}

/** What the object holds. */
export function hidden(owner) {
  const own = all.get(owner);
  if (own === undefined) throw new TypeError("this is a copy or a proxy of an object of openrouter-keys: use the object itself");
  return own;
}
