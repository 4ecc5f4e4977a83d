// Arguments of calls and clients: left out, undefined and null, and typing mistakes.

import type { Clock, CreateParams, Fetch, ListParams, UpdateParams } from "openrouter-keys";
import { OpenRouterKeys } from "openrouter-keys";

declare const keys: OpenRouterKeys;
declare const choice: number | undefined;

keys.create({ name: "ci", limit: 25 });
keys.create({ name: "ci", limit: null, limitReset: null, expiresAt: null, creatorUserId: null });
keys.create({ name: "ci", limit: 0, expiresAt: new Date(), external: { user: "partner", apiKey: "…" } });
keys.create({ name: "ci", limit: 1, limitReset: undefined, workspaceId: undefined, external: undefined });
// @ts-expect-error: no limit must be requested explicitly
keys.create({ name: "ci" });
// @ts-expect-error: undefined does not request it
keys.create({ name: "ci", limit: undefined });
// @ts-expect-error: nor does a value that may be undefined
keys.create({ name: "ci", limit: choice });
// @ts-expect-error: a string is not a number
keys.create({ name: "ci", limit: "25" });
// @ts-expect-error: a key needs a name
keys.create({ limit: 25 });
// @ts-expect-error: the API's own names are not accepted
keys.create({ name: "ci", limit: 25, limit_reset: "daily" });
// @ts-expect-error: a partner needs a user
keys.create({ name: "ci", limit: 25, external: { apiKey: "…" } });
// @ts-expect-error: arguments are required
keys.create();

keys.create({ name: "ci", limit: 1, limitReset: "daily" });
keys.create({ name: "ci", limit: 1, limitReset: "fortnightly" });

keys.update("hash", { limit: null });
keys.update("hash", { limit: choice, name: undefined, disabled: undefined, limitReset: undefined });
keys.update("hash", { limitReset: null, includeByokInLimit: false, workspaceId: "…" });
// @ts-expect-error: a name cannot be cleared
keys.update("hash", { name: null });
// @ts-expect-error: a field of creates only
keys.update("hash", { expiresAt: null });
// @ts-expect-error: changes are required
keys.update("hash");
// @ts-expect-error: the hash comes first
keys.update({ disabled: true });

keys.audit();
keys.audit({ nearLimit: 0.9, unusedForDays: 30, expiringWithinDays: undefined, disabledForDays: 7, workspaceIds: ["…"] });
keys.audit({}, { timeoutMs: 1000 });
// @ts-expect-error: it is unusedForDays
keys.audit({ unusedFor: 30 });
// @ts-expect-error: a share is a number
keys.audit({ nearLimit: "80 %" });

keys.list();
keys.list({ includeDisabled: true, includeExpired: undefined, offset: 100 });
keys.list(undefined, { timeoutMs: 1000 });
// @ts-expect-error: an offset is a number
keys.list({ offset: "100" });
// @ts-expect-error: a bigint is not a number
keys.list({ offset: 100n });
// @ts-expect-error: it is includeDisabled
keys.list({ include_disabled: true });
// @ts-expect-error: a hash is a string
keys.get(5);
// @ts-expect-error: options come last
keys.getCurrentKeyMetadata({ offset: 1 });

keys.delete("hash", {
  signal: new AbortController().signal,
  timeoutMs: 5000,
  attemptTimeoutMs: undefined,
  retry: false,
  headers: { "x-team": "billing" },
  httpReferer: "https://app.example",
  title: "App",
  categories: ["cli"],
  baseUrl: "https://gateway.example",
  allowInsecureHttp: false,
});
keys.get("hash", { signal: null, headers: [["x-team", "billing"]] });
keys.get("hash", { headers: new Map([["x-team", "billing"]]), retry: { maxAttempts: 1, jitter: false, strict: true } });
keys.get("hash", { headers: new Headers({ "x-team": "billing" }) });
// @ts-expect-error: a controller is not a signal
keys.get("hash", { signal: new AbortController() });
// @ts-expect-error: true is not a policy
keys.get("hash", { retry: true });
// @ts-expect-error: the key belongs to the client
keys.get("hash", { apiKey: "…" });

const fetch: Fetch = async (url, init) => new Response(`${url} ${init.method}`);
const clock: Clock = { now: () => 0, date: () => 0, setTimeout: () => 1, clearTimeout: () => {} };
new OpenRouterKeys({ apiKey: "…" });
new OpenRouterKeys({ apiKey: () => "…", fetch, clock });
new OpenRouterKeys({ apiKey: async () => "…", fetch: globalThis.fetch, maxAttempts: 1, maxSuccessBytes: 1000, maxErrorBytes: undefined });
// @ts-expect-error: a client needs a key
new OpenRouterKeys({});
// @ts-expect-error: it cannot be undefined
new OpenRouterKeys({ apiKey: undefined });
// @ts-expect-error: a function must return one
new OpenRouterKeys({ apiKey: () => undefined });
// @ts-expect-error: a signal belongs to a call
new OpenRouterKeys({ apiKey: "…", signal: new AbortController().signal });
// @ts-expect-error: a clock needs all its methods
new OpenRouterKeys({ apiKey: "…", clock: { now: () => 0 } });

// Arguments can be assembled step by step.
const list: ListParams = {};
list.offset = 100;
const create: CreateParams = { name: "ci", limit: null };
create.limitReset = "weekly";
const update: UpdateParams = {};
update.limit = null;

export { create, list, update };
