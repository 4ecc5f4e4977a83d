// The emulator as a separate process, and its control endpoint.

import { once } from "node:events";
import { request } from "node:http";
import { text } from "node:stream/consumers";

import { firstMatch, start, stop } from "./processes.mjs";

const JSON_BODY = { "content-type": "application/json" };

/** For pages of test servers, and for programs whose requests to the real API come here. */
const OPEN = ["--cors", "--allow-host", "openrouter.ai"];

/** Starts the emulator with this many keys, and with those of a seed file, if one is given. */
export async function startEmulator(program, count, seed) {
  const options = ["--json", "--keys", String(count), ...(seed ? ["--seed", seed] : []), ...OPEN];
  const child = start(program, options, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await firstMatch(child, child.stdout, /^\{.*\}$/m);
  const { url: baseUrl, control_url, management_key: apiKey, ordinary_key: ordinaryKey } = JSON.parse(line);
  const control = (path, options) => exchange(`${control_url}/${path}`, options);
  return {
    baseUrl,
    apiKey,
    ordinaryKey,
    failNext: (fault) => control("faults", { method: "POST", body: fault }),
    spend: (hash, usd) => control("spend", { method: "POST", headers: JSON_BODY, body: JSON.stringify({ hash, usd }) }),
    requests: async () => JSON.parse(await control("requests")),
    stop: () => stop(child),
  };
}

/** One request over a new connection: a kept one may be gone by the next time. */
async function exchange(url, { body, ...options } = {}) {
  const sent = request(url, { agent: false, ...options }).end(body);
  const [response] = await once(sent, "response");
  const answered = await text(response);
  if (response.statusCode >= 300) throw new Error(`${url} returned ${response.statusCode}: ${answered}`);
  return answered;
}

/** How often a key of each name was created. */
export function made(requests) {
  const counts = {};
  for (const { method, body, committed } of requests) {
    if (method !== "POST" || !committed) continue;
    const { name } = JSON.parse(body);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
