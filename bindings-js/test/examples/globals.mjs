// What the README's blocks assume: a client, a key, a vault. Requests to OpenRouter go
// to the emulator.

import { OpenRouterKeys } from "openrouter-keys";

const { EMULATOR, OPENROUTER_MANAGEMENT_KEY, HASH } = process.env;
const realFetch = globalThis.fetch;

globalThis.fetch = async (input, init) => {
  const request = new Request(input, init);
  const { url, method, headers, signal, redirect } = request;
  const body = ["GET", "DELETE"].includes(method) ? undefined : await request.arrayBuffer();
  return realFetch(url.replace("https://openrouter.ai/api/v1", EMULATOR), { method, headers, signal, redirect, body });
};

globalThis.OpenRouterKeys = OpenRouterKeys;
globalThis.keys = new OpenRouterKeys({ apiKey: OPENROUTER_MANAGEMENT_KEY });
globalThis.hash = HASH;
globalThis.secret = OPENROUTER_MANAGEMENT_KEY;
globalThis.vault = {
  store: async (secret) => {
    if (!/^sk-or-v1-[0-9a-f]+$/.test(secret)) throw new Error("this is not a secret");
  },
  read: async () => OPENROUTER_MANAGEMENT_KEY,
};
