// `openrouter-keys/testing` beside the client.

import type { Clock, Fetch } from "openrouter-keys";
import { OpenRouterKeys } from "openrouter-keys";
import type { FakeFetch, Reply, SeenRequest, VirtualClock } from "openrouter-keys/testing";
import { apiError, created, current, deleted, fakeFetch, found, key, listed, lost, never, refused, rejection, reply, virtualClock } from "openrouter-keys/testing";
import { same } from "./equal.js";

const clock: VirtualClock = virtualClock({ startMs: 0, autoAdvance: undefined });
const fetch: FakeFetch = fakeFetch([created("sk-or-v1-new"), found({ limit: null }, { delayMs: 10 })], { clock });
const asClock: Clock = clock;
const asFetch: Fetch = fetch;
new OpenRouterKeys({ apiKey: "…", fetch, clock });

fakeFetch([reply(200), listed([key()]), current(), deleted(), apiError(429, "slow", { headers: { "retry-after": "7" } })]);
fakeFetch([lost(), refused({ delayMs: undefined }), rejection("text"), never(), { status: 200, body: null, stalls: true }]);
fakeFetch((request: SeenRequest) => (request.method === "GET" ? listed([]) : created("sk-or-v1-new")));
fakeFetch(async ({ json }) => reply(200, json.name));
const replies: Reply[] = [{ status: 200, headers: [["set-cookie", "a"]] }, { rejects: undefined }];
fakeFetch(new Set(replies), { clock: { setTimeout: () => 1, clearTimeout: () => {} } });
// @ts-expect-error: a reply has a status or rejects
fakeFetch([{ body: "text" }]);
// @ts-expect-error: a create makes a secret
created();
// @ts-expect-error: the clock is read
clock.pauses = [];

const [first] = fetch.requests;
same<typeof first, SeenRequest | undefined>();
// @ts-expect-error: requests are read
fetch.requests.push(first);
const waited: Promise<void> = clock.advance(1000);
fetch.assertDone();

export { asClock, asFetch, waited };
