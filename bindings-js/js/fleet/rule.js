// Which keys a pass rotates.

const SECOND_MS = 1000;
/** A name with a marker is of a rotation or a temporary use. */
const MARKED = / #(temp-)?[0-9a-f]{32}$/;

/** FNV-1a: the same on every machine, and even for hashes that are not random. */
export function isInShard({ index, of }, hash) {
  let number = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(hash)) {
    number = BigInt.asUintN(64, (number ^ BigInt(byte)) * 0x100000001b3n);
  }
  return (number >> 32n) % BigInt(of) === BigInt(index);
}

/** Whether the rule selects the key, at this time in milliseconds since 1970. */
export function selects({ olderThanMs, createdBefore, namePrefix = "", only = () => true }, key, now) {
  const { name, createdAt, expiresAt, disabled } = key;
  if (typeof name !== "string" || !name.startsWith(namePrefix) || MARKED.test(name) || disabled === true) return false;
  const [created, today] = [secondsOf(Date.parse(createdAt)), secondsOf(now)];
  const isOld = createdBefore === undefined ? (today - created) * SECOND_MS > olderThanMs : created < secondsOf(createdBefore);
  const isExpired = secondsOf(Date.parse(expiresAt)) <= today;
  if (!isOld || isExpired) return false;
  const isDue = only(key);
  // A promise would select every key.
  if (typeof isDue !== "boolean") throw new TypeError("runFleet: only must return true or false; nothing was changed");
  return isDue;
}

/** Whole seconds. A time that cannot be read is `NaN`, for which every comparison is false. */
const secondsOf = (ms) => Math.floor(ms / SECOND_MS);
