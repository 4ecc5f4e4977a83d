// The body of anything like a `Response`, to be read piece by piece.

import { read } from "./own.js";
import { TextEncoder } from "./text.js";

const isMethod = (object, name) => typeof read(object, name) === "function";
const isObject = (value) => typeof value === "object" && value !== null;
const utf8 = (text) => new TextEncoder().encode(text);

/** Ways to read a whole body, the most exact first. */
const AT_ONCE = {
  __proto__: null,
  arrayBuffer: (buffer) => buffer,
  text: (text) => text,
  blob: (blob) => blob.arrayBuffer(),
  json: (value) => JSON.stringify(value),
};

/** From a string, a buffer or a view of any realm. */
export function bytesOf(piece) {
  if (typeof piece === "string") return utf8(piece);
  return ArrayBuffer.isView(piece) ? new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength) : bufferOf(piece);
}

export function sourceOf(response) {
  const body = read(response, "body");
  if (body === undefined || body === null) return withoutStream(response, body);
  if (!isObject(body)) return pieces(() => String(body));
  // Asked first: refusing a stream for its bytes costs an exception.
  if (isMethod(body, "getReader")) return body;
  if (bytesOf(body)) return pieces(() => body);
  // A Node stream, as from `node-fetch`.
  if (isMethod(body, Symbol.asyncIterator)) return iterated(body[Symbol.asyncIterator]());
  if (isMethod(body, "arrayBuffer")) return pieces(() => AT_ONCE.blob(body));
  return pieces(() => (hasWay(response) ? atOnce(response) : new Response(body, { __proto__: null }).arrayBuffer()));
}

function withoutStream(response, body) {
  // Missing properties are slow in Firefox, and Node loads much for `Response`.
  if (body === null && typeof Response === "function" && response instanceof Response) return null;
  if (!hasWay(response)) return null;
  return pieces(() => atOnce(response));
}

const waysOf = (response) => Object.keys(AT_ONCE).filter((way) => isMethod(response, way));
const hasWay = (response) => waysOf(response).length > 0;

/** React Native has an `arrayBuffer` that always fails. */
async function atOnce(response) {
  const ways = waysOf(response);
  let problem;
  for (const way of ways) {
    try {
      const copy = way === ways.at(-1) || !isMethod(response, "clone") ? response : response.clone();
      const bytes = bytesOf(await AT_ONCE[way](await copy[way]()));
      if (bytes !== undefined) return bytes;
      throw new TypeError(`${way}() returned no bytes`);
    } catch (thrown) {
      problem ??= { thrown };
    }
  }
  throw problem.thrown;
}

function bufferOf(value) {
  try {
    return new Uint8Array(value, 0, Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength").get.call(value));
  } catch {
    return undefined;
  }
}

function pieces(whole) {
  let isRead = false;
  const next = async () => {
    const value = isRead ? undefined : await whole();
    const done = isRead;
    isRead = true;
    return { done, value };
  };
  return { comesAtOnce: true, getReader: () => ({ read: next, cancel() {} }) };
}

function iterated(iterator) {
  return { comesAtOnce: false, getReader: () => ({ read: () => iterator.next(), cancel: () => iterator.return?.() }) };
}
