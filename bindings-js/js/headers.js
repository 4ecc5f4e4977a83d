// The headers of an answer as pairs of texts, whatever they are. An answer
// matters more than its headers: what cannot be read is left out.

/** What is made use of: all that can be had of headers that only `get` shows. */
const KNOWN = [
  "x-request-id",
  "cf-ray",
  "retry-after",
  "retry-after-ms",
  "x-should-retry",
  "date",
  "x-ratelimit-limit",
  "x-ratelimit-remaining",
  "x-ratelimit-reset",
  "location",
  "content-type",
  "content-length",
];

/** No server sends more of one. */
const LONGEST = 100_000;

export function headersOf(answer) {
  const headers = attempt(() => answer.headers);
  if (headers === undefined || headers === null) return [];
  return attempt(() => all(headers)) ?? attempt(() => known(headers)) ?? [];
}

function all(headers) {
  if (typeof headers[Symbol.iterator] === "function") return legible([...headers], ([name, value]) => [name, value]);
  if (typeof headers.get === "function") return undefined;
  return legible(Object.keys(headers), (name) => [name, headers[name]]);
}

function known(headers) {
  return legible(KNOWN, (name) => [name, headers.get(name)]);
}

/** The pairs that these give. */
function legible(items, pairOf) {
  return items.flatMap((item) => attempt(() => texts(pairOf(item))) ?? []);
}

function texts([name, value]) {
  if (value === undefined || value === null) return [];
  const text = `${value}`;
  // Beyond ISO-8859-1, `Headers` takes none.
  return text.length > LONGEST ? [] : [[String(name), text.trim().replace(/[^\0-\xff]/g, "?")]];
}

function attempt(read) {
  try {
    return read();
  } catch {
    return undefined;
  }
}
