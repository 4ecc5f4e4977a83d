// The inline module's bytes, which are compressed. An import cannot wait, and browsers decompress
// only asynchronously, so they get a decompressor along; Node, Deno and Bun have one.

import { inflateSync } from "fflate";

/** The bytes that `text`, base64 of raw deflate, stands for: `size` of them. */
export function inflate(text, size) {
  const builtin = (name) => globalThis.process?.getBuiltinModule?.(name);
  const [zlib, buffer] = [builtin("node:zlib"), builtin("node:buffer")];
  if (zlib && buffer) return zlib.inflateRawSync(buffer.Buffer.from(text, "base64"));
  return inflateSync(bytesOf(atob(text)), { __proto__: null, out: new Uint8Array(size) });
}

/** A loop: `Uint8Array.from` with a function takes tens of milliseconds, several times as long. */
function bytesOf(binary) {
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
