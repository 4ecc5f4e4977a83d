// A response's headers as one string, one per line. Headers that cannot be read are left
// out: the response matters more.

import { read } from "./own.js";

/** The headers in use, for objects with only `get`. */
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

/** No server sends a longer one. */
const LONGEST = 100_000;

export function headersOf(response) {
  const headers = attempt(() => read(response, "headers"));
  if (headers === undefined || headers === null) return "";
  return attempt(() => all(headers)) ?? attempt(() => known(headers)) ?? "";
}

function all(headers) {
  if (typeof read(headers, Symbol.iterator) === "function") return lines([...headers], ([name, value]) => [name, value]);
  if (typeof read(headers, "get") === "function") return undefined;
  return lines(Object.keys(headers), (name) => [name, headers[name]]);
}

function known(headers) {
  return lines(KNOWN, (name) => [name, headers.get(name)]);
}

function lines(items, pairOf) {
  let text = "";
  for (const item of items) text += attempt(() => line(pairOf(item))) ?? "";
  return text;
}

function line([name, value]) {
  if (value === undefined || value === null) return "";
  const text = `${value}`.trim();
  // A line break would add a header; `Headers` takes nothing beyond ISO-8859-1.
  if (text.length > LONGEST || /[\r\n]/.test(text) || /[\r\n:]/.test(name)) return "";
  return `${`${name}`.toLowerCase()}:${text.replace(/[^\0-\xff]/g, "?")}\n`;
}

function attempt(read) {
  try {
    return read();
  } catch {
    return undefined;
  }
}
