// The official SDK's standalone functions, which it recommends for bundles.

import { OpenRouterCore } from "@openrouter/sdk/core.js";
import { apiKeysGet } from "@openrouter/sdk/funcs/apiKeysGet.js";
import { apiKeysList } from "@openrouter/sdk/funcs/apiKeysList.js";
import { HTTPClient } from "@openrouter/sdk/lib/http.js";

import { everyPage } from "./by-hand.mjs";
import { API_KEY, camelCase, versionsOf } from "./sample.mjs";

export const versions = versionsOf("@openrouter/sdk", "zod");
export const naming = camelCase;

export function connect({ baseUrl, fetch }) {
  const httpClient = new HTTPClient({ fetcher: fetch });
  const retryConfig = { strategy: "none" };
  const core = new OpenRouterCore({ apiKey: API_KEY, serverURL: baseUrl, httpClient, retryConfig });
  const list = async (offset) => data(await apiKeysList(core, { offset }));
  return { get: async (hash) => data(await apiKeysGet(core, { hash })), list, listAll: () => everyPage(list) };
}

function data({ ok, value, error }) {
  if (!ok) throw error;
  return value.data;
}
