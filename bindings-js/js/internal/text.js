// UTF-8, also where the platform has no `TextDecoder` and `TextEncoder`: jsdom in
// Jest has neither. Imported by the glue too, which takes them from here.

const { TextDecoder: PlatformDecoder, TextEncoder: PlatformEncoder } = globalThis;

/** What the glue reads is well-formed. */
class Decoder {
  decode(bytes = []) {
    let binary = "";
    for (const byte of bytes) binary += String.fromCharCode(byte);
    return decodeURIComponent(escape(binary));
  }
}

class Encoder {
  encode(text) {
    const binary = unescape(encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\ufffd")));
    const bytes = new Uint8Array(binary.length);
    for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
    return bytes;
  }

  encodeInto(text, bytes) {
    const encoded = this.encode(text);
    bytes.set(encoded);
    return { read: text.length, written: encoded.length };
  }
}

export const TextDecoder = typeof PlatformDecoder === "function" ? PlatformDecoder : Decoder;
export const TextEncoder = typeof PlatformEncoder === "function" ? PlatformEncoder : Encoder;
