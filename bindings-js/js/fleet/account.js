// The account whose rotations a store has: another one's management key would find none of its keys.

import { read } from "../internal/own.js";

/** Makes the store the account's of the client's management key, unless it is another's. */
export async function claimedStore({ client, store, calls }) {
  const current = await client.checkKey("management", calls);
  // All keys of an organisation have the same.
  const owner = read(current, "organizationId") ?? read(current, "creatorUserId") ?? read(current, "label") ?? "";
  await store.requireAccount({ server: client.baseUrl, owner });
}

/** In the order in which Rust writes it. */
export const written = ({ server, owner }) => JSON.stringify({ server, owner });

export function parsedAccount(name, text) {
  let account;
  try {
    account = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${name} is not JSON`, { cause });
  }
  const { server, owner } = account ?? {};
  if (typeof server !== "string" || typeof owner !== "string") throw new Error(`${name} does not name an account`);
  return { server, owner };
}

export function requireSame(found, account) {
  if (written(found) === written(account)) return;
  throw new Error(
    `the rotations in this store are those of the account ${shown(found)}, and the management key is of ${shown(account)}; ` +
      "nothing was changed; use that account's management key, or another store",
  );
}

const shown = ({ server, owner }) => (owner === "" ? server : `${owner} at ${server}`);
