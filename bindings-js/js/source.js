// The body of whatever looks like a `Response`, as something to be read piece by
// piece. Platforms lack `ReadableStream`, or have the one of another realm.

import { read } from "./own.js";
import { TextEncoder } from "./text.js";

const isMethod = (object, name) => typeof read(object, name) === "function";
const isObject = (value) => typeof value === "object" && value !== null;
const utf8 = (text) => new TextEncoder().encode(text);

/** The ways to read a body at once, the one that changes nothing first. */
const AT_ONCE = {
  __proto__: null,
  arrayBuffer: (buffer) => new Uint8Array(buffer),
  text: utf8,
  blob: async (blob) => new Uint8Array(await blob.arrayBuffer()),
  json: (value) => utf8(JSON.stringify(value)),
};

/** Something with `getReader`, and whether it comes at once; `null` if there is no body. */
export function sourceOf(answer) {
  const body = read(answer, "body");
  if (body === undefined || body === null) return withoutStream(answer, body);
  if (typeof body === "string") return pieces(() => utf8(body));
  if (ArrayBuffer.isView(body)) return pieces(() => body);
  if (!isObject(body)) return pieces(() => utf8(String(body)));
  if (isMethod(body, "getReader")) return body;
  // A stream of Node, as `node-fetch` gives it.
  if (isMethod(body, Symbol.asyncIterator)) return iterated(body[Symbol.asyncIterator]());
  if (isMethod(body, "arrayBuffer")) return pieces(() => AT_ONCE.blob(body));
  const buffer = bufferOf(body);
  if (buffer) return pieces(() => buffer);
  return hasWay(answer) ? pieces(() => atOnce(answer)) : pieces(() => new Response(body, { __proto__: null }).arrayBuffer().then(AT_ONCE.arrayBuffer));
}

function withoutStream(answer, body) {
  // Reading what is not there takes time in Firefox. Node loads much when it is asked for `Response`.
  if (body === null && typeof Response === "function" && answer instanceof Response) return null;
  if (!hasWay(answer)) return null;
  return pieces(() => atOnce(answer));
}

const waysOf = (answer) => Object.keys(AT_ONCE).filter((way) => isMethod(answer, way));
const hasWay = (answer) => waysOf(answer).length > 0;

/** By one way after another: React Native has an `arrayBuffer` that only ever fails. */
async function atOnce(answer) {
  const ways = waysOf(answer);
  let problem;
  for (const way of ways) {
    try {
      // A body is read once, so that a copy leaves it to the next way.
      const copy = way === ways.at(-1) || !isMethod(answer, "clone") ? answer : answer.clone();
      return await AT_ONCE[way](await copy[way]());
    } catch (thrown) {
      problem ??= { thrown };
    }
  }
  throw problem.thrown;
}

/** One of another realm as well. */
function bufferOf(value) {
  try {
    return new Uint8Array(value, 0, Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength").get.call(value));
  } catch {
    return undefined;
  }
}

/** A body that comes in one piece. Until it does, nothing shows whether the connection lives. */
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
  const bytes = (value) => (typeof value === "string" ? utf8(value) : value);
  const next = async () => {
    const { done, value } = await iterator.next();
    return { done, value: bytes(value) };
  };
  return { comesAtOnce: false, getReader: () => ({ read: next, cancel: () => iterator.return?.() }) };
}
