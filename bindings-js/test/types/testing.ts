// `openrouter-keys/testing` together with the client.

import type { Clock, Fetch } from "openrouter-keys";
import { OpenRouterKeys } from "openrouter-keys";
import type { CurrentKeyField, FakeFetch, KeyField, Reply, SeenRequest, VirtualClock } from "openrouter-keys/testing";
import { apiError, created, current, currentKey, deleted, disconnected, fakeFetch, found, key, listed, lost, never, refused, rejection, reply, stalled, truncated, virtualClock } from "openrouter-keys/testing";
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
fakeFetch([disconnected({ delayMs: 1 }), truncated(201, "{"), truncated(200), stalled(200, "{", { headers: { "cf-ray": "1" } })]);
// A newer API, and a field of the wrong type.
fakeFetch([listed([{ ...key({ limit: "much" }), newer: 1 }]), found(key({ name: "a" })), current(currentKey())]);
same<keyof ReturnType<typeof key>, KeyField>();
same<keyof ReturnType<typeof currentKey>, CurrentKeyField>();
// @ts-expect-error: the API writes `limit_reset`
key({ limitReset: "daily" });
// @ts-expect-error: the API writes `limit_reset`
found({ limitReset: "daily" });
// @ts-expect-error: the API writes `limit_reset`
created("sk-or-v1-new", { limitReset: "daily" });
// @ts-expect-error: a key has no such field
current({ hash: "…" });
// @ts-expect-error: fields are an object
key("a");
// @ts-expect-error: a body that breaks off has a status
truncated();
// @ts-expect-error: a reply has a status or rejects
fakeFetch([{ body: "text" }]);
// @ts-expect-error: a create returns a secret
created();
// @ts-expect-error: the clock is read-only
clock.pauses = [];

const [first] = fetch.requests;
same<typeof first, SeenRequest | undefined>();
// @ts-expect-error: requests are read-only
fetch.requests.push(first);
const waited: Promise<void> = clock.advance(1000);
fetch.assertDone();

export { asClock, asFetch, waited };
