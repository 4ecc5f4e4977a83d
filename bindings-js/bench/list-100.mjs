// `node bindings-js/bench/list-100.mjs`, after `cargo xtask npm`: how long a
// list of 100 keys takes from the body at hand to JavaScript objects, here and
// in the official SDK.
//
// Both make the whole call over the same `fetch`, which answers at once from
// memory. The same call with an empty list is what the machinery of a call
// costs; the difference is the body's share. The measure is the schema that
// the SDK validates the parsed body with, alone. All take turns in each round,
// so that what else the machine does hits all of them alike.

import { HTTPClient, OpenRouter } from "@openrouter/sdk";
import { ListResponse$inboundSchema as schema } from "@openrouter/sdk/models/operations";

import { OpenRouterKeys } from "../npm/index.js";
import { key, listed } from "../npm/testing.js";
import { median, table } from "./figures.mjs";

const WARM_UP = 300;
const ROUNDS = 1000;

const KEYS = 100;
const API_KEY = "sk-or-v1-the-management-key-of-the-benchmark";

const rows = Array.from({ length: KEYS }, (_, index) =>
  key({
    hash: (index + 1).toString(16).padStart(64, "abc123"),
    name: `Customer ${index}`,
    limit_remaining: 25 - index / 8,
    usage: index / 8,
    usage_monthly: index / 8,
    updated_at: "2030-01-02T00:00:00Z",
    expires_at: index % 2 === 0 ? "2040-01-01T00:00:00Z" : null,
    creator_user_id: "user_2dHFtVWx2n56w6HkM0000000000",
  }),
);
const camelCase = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
const FIELDS = Object.keys(rows[0]).map(camelCase);

const full = listed(rows);
const empty = listed([]);
const parsed = JSON.parse(full.body);

/** A call of each of the two, over a `fetch` that has this answer. */
function calls({ body, status, headers }) {
  const bytes = new TextEncoder().encode(body);
  const fetch = async () => new Response(bytes, { status, headers });
  const ours = new OpenRouterKeys({ apiKey: API_KEY, fetch });
  const httpClient = new HTTPClient({ fetcher: fetch });
  const theirs = new OpenRouter({ apiKey: API_KEY, httpClient }).apiKeys;
  return { ours: () => ours.list(), theirs: () => theirs.list() };
}

/** Reads each documented field of each key. */
function touched({ data }) {
  let there = 0;
  for (const row of data) {
    for (const field of FIELDS) there += row[field] === undefined ? 0 : 1;
  }
  return there;
}

const list = calls(full);
const nothing = calls(empty);
const contestants = {
  "JSON.parse": () => JSON.parse(full.body),
  "SDK's schema on the parsed body": () => schema.parse(parsed),
  "SDK's schema after JSON.parse": () => schema.parse(JSON.parse(full.body)),
  "SDK's schema after JSON.parse, every field read": () => touched(schema.parse(JSON.parse(full.body))),
  "this package: list": list.ours,
  "this package: list, every field read": async () => touched(await list.ours()),
  "this package: list of no keys": nothing.ours,
  "SDK: list": list.theirs,
  "SDK: list, every field read": async () => touched(await list.theirs()),
  "SDK: list of no keys": nothing.theirs,
};

const results = await race();
for (const whole of ["this package: list", "this package: list, every field read", "SDK: list", "SDK: list, every field read"]) {
  const [base] = whole.split(":");
  const share = results[whole].map((time, round) => time - results[`${base}: list of no keys`][round]);
  results[`${whole}, less a list of no keys`] = share;
}
const measure = median(results["SDK's schema on the parsed body"]);
table(
  ["", "median µs", "of the schema"],
  Object.entries(results).map(([name, times]) => [name, median(times).toFixed(0), (median(times) / measure).toFixed(2)]),
);

/** The times of each contestant in each round, in microseconds. */
async function race() {
  const entries = Object.entries(contestants);
  const times = Object.fromEntries(entries.map(([name]) => [name, []]));
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    // Nobody always comes after the same one, whose garbage it would clear away.
    const order = round % 2 === 0 ? entries : entries.toReversed();
    for (const [name, run] of order) {
      const started = performance.now();
      await run();
      const ended = performance.now();
      if (round >= 0) times[name].push((ended - started) * 1000);
    }
  }
  return times;
}
