// Hand-written code: the runtime's `fetch`, and no check but the status.

import { API_KEY, snakeCase } from "./sample.mjs";
import { everyPage } from "./by-hand.mjs";

export const versions = { undici: process.versions.undici };
export const naming = snakeCase;

export function connect({ baseUrl, fetch = globalThis.fetch }) {
  const headers = { authorization: `Bearer ${API_KEY}` };
  async function data(path) {
    const response = await fetch(`${baseUrl}${path}`, { headers });
    if (!response.ok) throw new Error(`the server returned ${response.status}`);
    return (await response.json()).data;
  }
  const list = (offset = 0) => data(`/keys?offset=${offset}`);
  return { get: (hash) => data(`/keys/${hash}`), list, listAll: () => everyPage(list) };
}
