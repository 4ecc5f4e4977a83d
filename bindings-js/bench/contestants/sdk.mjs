// The official SDK as its documentation introduces it: the class. Without retries, so that failures show.

import { HTTPClient, OpenRouter } from "@openrouter/sdk";

import { everyPage } from "./by-hand.mjs";
import { API_KEY, camelCase, versionsOf } from "./sample.mjs";

export const versions = versionsOf("@openrouter/sdk", "zod");
export const naming = camelCase;

export function connect({ baseUrl, fetch }) {
  const httpClient = new HTTPClient({ fetcher: fetch });
  const retryConfig = { strategy: "none" };
  const { apiKeys } = new OpenRouter({ apiKey: API_KEY, serverURL: baseUrl, httpClient, retryConfig });
  const list = async (offset) => (await apiKeys.list({ offset })).data;
  return { get: async (hash) => (await apiKeys.get({ hash })).data, list, listAll: () => everyPage(list) };
}
