// The logs of rotations, as objects of an object store.
//
// `<prefix>/rotations/<hash of the old key>/<number>.json` is an entry; `…/done` says that the
// rotation needs nothing more, and `…/late` that keys may still appear that nobody has.
// `<prefix>/rotations/account.json` is created by the first pass and never changed.

import { parsedAccount, requireSame, written } from "./account.js";
import { parsed } from "./entry.js";

const DONE = "done";
const LATE = "late";

/** What needs no encoding in a path, so that names are the same in Rust. */
const PLAIN = /^(?!.*(^|\/)\.{1,2}(\/|$))[\w.~/-]*$/;
/** As the client accepts it. */
const HASH = /^(?!sk-)(?!\.+$)[\w.~-]{1,256}$/;

export const isHash = (value) => typeof value === "string" && HASH.test(value);

export function objectStore(objects, prefix = "") {
  const folder = [...partsOf(prefix), "rotations"].join("/");
  const folderOf = (hash) => `${folder}/${checked(hash)}`;
  const accountPath = `${folder}/account.json`;
  const pathOf = (hash, sequence) => `${folderOf(hash)}/${String(sequence).padStart(10, "0")}.json`;

  async function numbers(hash) {
    const names = await objects.list(`${folderOf(hash)}/`);
    const found = names.map((name) => /(?:^|\/)(\d+)\.json$/.exec(name)?.[1]).filter((digits) => digits !== undefined);
    return found.map(Number).sort((one, other) => one - other);
  }

  async function entry(hash, sequence) {
    const path = pathOf(hash, sequence);
    const text = await objects.get(path);
    return text === undefined ? undefined : parsed(path, text, sequence);
  }

  async function account() {
    const text = await objects.get(accountPath);
    return text === undefined ? undefined : parsedAccount(accountPath, text);
  }

  return {
    account,
    async requireAccount(required) {
      if ((await account()) === undefined) await objects.create(accountPath, written(required));
      const found = await account();
      if (found === undefined) throw new Error(`the store does not have ${accountPath}, which was just written`);
      requireSame(found, required);
    },
    async load(hash) {
      const newest = (await numbers(hash)).at(-1);
      return newest === undefined ? undefined : entry(hash, newest);
    },
    async append(appended) {
      const path = pathOf(appended.rotation.old, appended.sequence);
      const text = JSON.stringify(appended);
      const isNew = await objects.create(path, text);
      // A store that confirms a write and loses it would let two machines work on one key. One that
      // repeats a write whose response was lost refuses the entry that it has.
      const written = await objects.get(path);
      if (written === undefined) throw new Error(`the store ${isNew ? "confirmed" : "refused"} ${path} and does not have it`);
      return written === text;
    },
    async list() {
      const logs = new Map();
      for (const name of await objects.list(`${folder}/`)) {
        const [hash, file] = name.slice(folder.length + 1).split("/");
        // Objects of others are ignored.
        if (file === undefined || !isHash(hash)) continue;
        const { isDone = false, isLate = false } = logs.get(hash) ?? {};
        logs.set(hash, { isDone: isDone || file === DONE, isLate: isLate || file === LATE });
      }
      return logs;
    },
    async finish(hash, { isLate = false } = {}) {
      if (isLate) await objects.put(`${folderOf(hash)}/${LATE}`, "");
      await objects.put(`${folderOf(hash)}/${DONE}`, "");
    },
    async forgetLate(hash) {
      await objects.delete(`${folderOf(hash)}/${LATE}`);
    },
    async entries(hash) {
      const found = [];
      for (const sequence of await numbers(hash)) found.push(await entry(hash, sequence));
      return found.filter((one) => one !== undefined);
    },
  };
}

function partsOf(prefix) {
  if (typeof prefix !== "string" || !PLAIN.test(prefix)) {
    throw new TypeError("a store's prefix must consist of letters, digits, -, _, ., ~ and /; nothing was read or changed");
  }
  return prefix.split("/").filter((part) => part !== "");
}

/** The message does not repeat the hash: people pass the key instead. */
function checked(hash) {
  if (!isHash(hash)) {
    throw new TypeError("the store was asked for the log of something that is not the hash of a key");
  }
  return hash;
}
