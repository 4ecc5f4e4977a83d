// A sink in a bucket of Cloudflare R2: an object per key name, whose metadata are the mark of the
// Rust crate's sinks: whose secret it is, and which machine wrote it last. Both change in one
// conditional write, which keeps late machines out.

import { isNewKey } from "../internal/rotation.js";
import { NotStored } from "./stored.js";

/** How often it tries again after another machine's write. */
const ROUNDS = 5;

export function r2Sink(bucket, prefix = "") {
  const pathOf = ({ name }) => `${prefix}${name}`;

  async function read(key) {
    if (key.name === "") throw new NotStored("the key has no name");
    const object = await bucket.get(pathOf(key));
    if (object === null) return { onlyIf: { etagDoesNotMatch: "*" } };
    const { hash, replaces, fence } = object.customMetadata ?? {};
    return { onlyIf: { etagMatches: object.etag }, secret: await object.text(), hash, replaces, fence: Number(fence) };
  }

  /** Returns whether nobody has written since. */
  async function write({ onlyIf }, secret, hash, key) {
    const customMetadata = { hash, replaces: key.replaces, fence: String(key.fence) };
    return (await bucket.put(pathOf(key), secret, { onlyIf, customMetadata })) !== null;
  }

  return {
    async check(key) {
      allow(await read(key), key);
    },
    async put(secret, key) {
      for (let round = 0; round < ROUNDS; round++) {
        const found = await read(key);
        const isThere = allow(found, key) === "new";
        if (isThere && found.secret !== secret) throw new Error("the bucket has another secret of this key");
        // A mark of a later rotation stays.
        if (isThere && !(found.replaces === key.replaces && found.fence < key.fence)) return;
        if (await write(found, secret, key.hash, key)) return;
      }
      throw new NotStored("others change the object all the time");
    },
    async wasPut(key) {
      for (let round = 0; round < ROUNDS; round++) {
        const found = await read(key);
        refuseOvertaken(found, key);
        const holder = holderOf(found, key);
        const isPut = holder === "new";
        if (holder === "nobody" || holder === "other") return false;
        const isOfRotation = found.replaces === key.replaces;
        // Where the secret is the new one, the mark may be of the next rotation.
        if (isOfRotation ? found.fence >= key.fence : isPut && found.hash !== undefined) return isPut;
        const hash = found.hash ?? (isPut ? key.hash : key.replaces);
        if (await write(found, found.secret, hash, key)) return isPut;
      }
      throw new Error("others change the object all the time");
    },
  };
}

/** Whose secret is in the bucket. */
function holderOf({ secret, hash, replaces }, key) {
  if (secret === undefined) return "nobody";
  // Somebody put it there without a mark.
  if (hash === undefined) return isOf(secret, key.label) ? "new" : isOf(secret, key.oldLabel) ? "old" : "other";
  if (hash === key.hash) return "new";
  if (hash === key.replaces) return "old";
  // Another new key of the same rotation, or a foreign one.
  return replaces === key.replaces ? "sibling" : "other";
}

const isOf = (secret, label) => isNewKey({ newLabel: label }, secret);

/** Whose secret is in the bucket, if another one may be written. */
function allow(found, key) {
  refuseOvertaken(found, key);
  const holder = holderOf(found, key);
  if (holder === "other") throw new NotStored("the bucket has another secret of this name, which will not be replaced");
  return holder;
}

function refuseOvertaken({ replaces, fence }, key) {
  if (replaces === key.replaces && fence > key.fence) throw new Error("another machine has continued the rotation, as the bucket shows");
}
