// Calls, their responses, and the listing of all pages.

import type { ApiRequest, AuditReport, Created, CurrentKey, Deleted, Key, KeyListing, Page, RateLimit } from "openrouter-keys";
import { Call, OpenRouterKeys, ResponseInfo } from "openrouter-keys";
import { same } from "./equal.js";

declare const keys: OpenRouterKeys;

same<ReturnType<OpenRouterKeys["list"]>, Call<Page>>();
same<ReturnType<OpenRouterKeys["create"]>, Call<Created>>();
same<ReturnType<OpenRouterKeys["get"]>, Call<Key>>();
same<ReturnType<OpenRouterKeys["update"]>, Call<Key>>();
same<ReturnType<OpenRouterKeys["delete"]>, Call<Deleted>>();
same<ReturnType<OpenRouterKeys["getCurrentKeyMetadata"]>, Call<CurrentKey>>();
same<Awaited<Call<Key>>, Key>();
same<ReturnType<OpenRouterKeys["request"]>, Call<unknown>>();
same<ReturnType<OpenRouterKeys["audit"]>, Promise<AuditReport>>();

export async function responses(): Promise<void> {
  const promise: Promise<Key> = keys.get("hash");
  const { data, response } = await keys.get("hash").withResponse();
  same<typeof data, Key>();
  same<typeof response, ResponseInfo>();
  const status: number = response.status;
  const limits: RateLimit = response.rateLimit;
  const left: number | undefined = limits.remaining;
  const type: string | null = response.headers.get("content-type");
  // @ts-expect-error: not every response has one
  const id: string = response.requestId;
  // @ts-expect-error: chaining returns a plain promise
  keys.get("hash").then(({ name }) => name).withResponse();
  // @ts-expect-error: only a call creates one
  new ResponseInfo();
  const names: string = await keys.get("hash").then(({ name }) => name);
  const all: [Key, Page] = await Promise.all([promise, keys.list()]);
  void [status, left, type, id, names, all];
}

export async function requests(): Promise<void> {
  const described: ApiRequest = { method: "POST", path: "/guardrails", query: { limit: 5, id: ["a", "b"] }, body: { name: "x" } };
  const json = await keys.request<{ data: { total_credits: number } }>({ path: "/credits" });
  const credits: number = json.data.total_credits;
  // @ts-expect-error: no such method
  keys.request({ method: "TRACE", path: "/credits" });
  // @ts-expect-error: a path is required
  keys.request({ method: "GET" });
  // @ts-expect-error: not a query value
  keys.request({ path: "/credits", query: { at: new Date() } });
  void [await keys.request(described), credits];
}

export async function listings(): Promise<void> {
  const listing: KeyListing = keys.listAll({ includeDisabled: true });
  const iterable: AsyncIterable<Key> = listing;
  const iterator: AsyncIterator<Key> = listing;
  for await (const key of keys.listAll()) same<typeof key, Key>();
  const all: Key[] = await keys.listAll().toArray();
  // @ts-expect-error: pages arrive over the network
  for (const key of keys.listAll()) void key;
  // @ts-expect-error: a listing is not a promise of keys
  const awaited: Key[] = await keys.listAll();
  void [iterable, iterator, all, awaited];
}

keys.dispose();
