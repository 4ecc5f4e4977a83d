// This package.

import { createRequire } from "node:module";

import { OpenRouterKeys } from "../../npm/index.js";
import { API_KEY, camelCase } from "./sample.mjs";

export const versions = { "openrouter-keys": createRequire(import.meta.url)("../../npm/package.json").version };
export const naming = camelCase;

export function connect({ baseUrl, fetch, maxBytes }) {
  const keys = new OpenRouterKeys({ apiKey: API_KEY, baseUrl, fetch, maxSuccessBytes: maxBytes });
  return {
    get: (hash) => keys.get(hash),
    list: async () => (await keys.list()).data,
    listAll: (prefetch) => keys.listAll({ prefetch }).toArray(),
  };
}
