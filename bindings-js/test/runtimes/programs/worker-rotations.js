// A Worker that rotates keys, with its logs in a Durable Object or in R2, and short leases.

import { OpenRouterKeys } from "openrouter-keys";
import { durableObjectStore, r2Sink, r2Store, runFleet } from "openrouter-keys/fleet";

export { RotationLogs } from "openrouter-keys/fleet";

export default {
  async scheduled(_event, env) {
    const { rows } = await runFleet({
      client: new OpenRouterKeys({ apiKey: env.KEY, baseUrl: env.BASE_URL }),
      store: env.LOGS ? durableObjectStore(env.LOGS) : r2Store(env.ROTATIONS, "fleet"),
      openSink: () => r2Sink(env.SECRETS),
      sink: "r2",
      keys: env.HASHES,
      settings: { graceMs: 0, quietMs: 0, watchMs: 0 },
      timeoutMs: 1000,
      leaseMs: 1500,
    });
    await env.SECRETS.put("report", JSON.stringify(rows));
  },
};
