// A self-signed certificate, created each time, so that no private key is stored.

import { generateKeyPairSync, sign } from "node:crypto";

const [INTEGER, BITS, OID, TEXT, TIME, SEQUENCE, SET, VERSION] = [0x02, 0x03, 0x06, 0x0c, 0x17, 0x30, 0x31, 0xa0];
const V3 = der(VERSION, der(INTEGER, [2]));
const COMMON_NAME = Buffer.from("550403", "hex");
const EXTENSIONS = 0xa3;
const OCTETS = 0x04;
const ALTERNATIVE_NAME = Buffer.from("551d11", "hex");
const LOOPBACK = der(0x87, [127, 0, 0, 1]);
const ECDSA_WITH_SHA256 = Buffer.from("2a8648ce3d040302", "hex");

/** DER: a tag, the length, the contents. */
function der(tag, ...contents) {
  const content = Buffer.concat(contents.map((part) => Buffer.from(part)));
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const pem = (bytes) => `-----BEGIN CERTIFICATE-----\n${bytes.toString("base64").match(/.{1,64}/g).join("\n")}\n-----END CERTIFICATE-----\n`;

/** The options of a Node TLS server for 127.0.0.1: RFC 5280, section 4.1. */
export function selfSigned() {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const algorithm = der(SEQUENCE, der(OID, ECDSA_WITH_SHA256));
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, der(OID, COMMON_NAME), der(TEXT, "self-signed"))));
  const validity = der(SEQUENCE, der(TIME, "250101000000Z"), der(TIME, "491231235959Z"));
  const spki = publicKey.export({ type: "spki", format: "der" });
  const names = der(SEQUENCE, der(OID, ALTERNATIVE_NAME), der(OCTETS, der(SEQUENCE, LOOPBACK)));
  const extensions = der(EXTENSIONS, der(SEQUENCE, names));
  const unsigned = der(SEQUENCE, V3, der(INTEGER, [1]), algorithm, name, validity, name, spki, extensions);
  const signature = der(BITS, [0], sign("sha256", unsigned, privateKey));
  return {
    cert: pem(der(SEQUENCE, unsigned, algorithm, signature)),
    key: privateKey.export({ type: "pkcs8", format: "pem" }),
  };
}
