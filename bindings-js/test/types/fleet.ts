// Rotating from many machines: stores, sinks, options and the report.

import type { OpenRouterKeys, Rotation } from "openrouter-keys";
import { Stop } from "openrouter-keys";
import type { FleetOptions, FleetReport, FleetStore, RotationStore, Rule, SecretSink } from "openrouter-keys/fleet";
import { durableObjectStore, entryBefore, memoryStore, NotStored, objectStore, r2Sink, r2Store, RotationLogs, runFleet, s3Store, storedRotation } from "openrouter-keys/fleet";
import { same } from "./equal.js";

declare const keys: OpenRouterKeys;
declare const rotation: Rotation;
declare const fetch: (url: string, init?: object) => Promise<Response>;

/** The overloads of Cloudflare's own types. */
interface Bucket {
  get(key: string, options: { onlyIf: object }): Promise<{ key: string } | null>;
  get(key: string, options?: object): Promise<{ key: string; etag: string; customMetadata?: Record<string, string>; text(): Promise<string> } | null>;
  put(key: string, value: string | null, options?: { onlyIf?: { etagMatches?: string; etagDoesNotMatch?: string } | Headers; customMetadata?: Record<string, string> }): Promise<{ key: string } | null>;
  delete(keys: string | string[]): Promise<void>;
  list(options?: { prefix?: string; cursor?: string }): Promise<{ objects: { key: string }[] } & ({ truncated: true; cursor: string } | { truncated: false })>;
}
declare const bucket: Bucket;
declare const namespace: {
  idFromName(name: string): { id: string };
  get(id: { id: string }): { fetch(input: string | URL, init?: { method?: string; body?: string | null }): Promise<Response> };
};

export async function fleets(): Promise<void> {
  const stores: FleetStore[] = [
    r2Store(bucket, "prefix"),
    durableObjectStore(namespace),
    s3Store({ bucket: new URL("https://bucket.example"), fetch }),
    memoryStore(),
    objectStore({ get: async () => undefined, create: async () => true, put: async () => {}, delete: async () => {}, list: async () => [] }),
  ];
  const sink: SecretSink = {
    async put(secret, key) {
      same<typeof secret, string>();
      if (key.fence > 1) throw new NotStored("late", { cause: new Stop() });
    },
    wasPut: (key) => (key.isSecret("secret") ? true : undefined),
  };
  const report: FleetReport = await runFleet({ client: keys, store: stores[0]!, openSink: () => sink, rule: { olderThanMs: 1 }, shard: { index: 0, of: 2 } });
  for (const row of report.rows) {
    same<typeof row.old, string>();
    if (row.outcome === "waiting") same<typeof row.leftMs, number>();
    // @ts-expect-error: only a failed rotation has an error
    row.error;
  }
  const rules: Rule[] = [
    { createdBefore: new Date(), only: ({ limit }) => limit === 5 },
    { createdBefore: "2026-12-01T00:00:00Z", namePrefix: "a" },
    // @ts-expect-error: a rule needs an age
    { namePrefix: "a" },
    // @ts-expect-error: a promise would select every key
    { olderThanMs: 1, only: async () => false },
    // @ts-expect-error: one age is enough
    { olderThanMs: 1, createdBefore: new Date() },
  ];
  same<NonNullable<FleetOptions["settings"]>["graceMs"], number | undefined>();
  void rules;
  const store: RotationStore = stores[0]!;
  const stored = await storedRotation({ store, sink: r2Sink(bucket), newest: entryBefore(rotation), owner: "me", leaseMs: 1 });
  // @ts-expect-error: another program may have been faster
  stored.rotation;
  if (stored) await keys.rotate({ resume: stored.rotation, leaseMs: 1 }, stored);
  // @ts-expect-error: a client is needed
  await runFleet({ store: memoryStore(), openSink: () => sink });
  void RotationLogs;
}
