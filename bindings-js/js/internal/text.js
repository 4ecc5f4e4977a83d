// UTF-8, even without `TextDecoder` and `TextEncoder`, which jsdom in Jest lacks. The glue
// imports them from here.

const { TextDecoder: PlatformDecoder, TextEncoder: PlatformEncoder } = globalThis;

/** The glue reads only well-formed UTF-8. */
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
