// A Cloudflare Worker on a cron trigger that rotates the keys that are older than a month. Any
// number of Workers and other machines may share the bucket ROTATIONS: a rotation that one of them
// leaves, another one continues.
//
// wrangler r2 bucket create rotations
// wrangler r2 bucket create secrets
// wrangler secret put OPENROUTER_MANAGEMENT_KEY
// wrangler deploy

import { OpenRouterKeys } from "openrouter-keys";
import { r2Sink, r2Store, runFleet } from "openrouter-keys/fleet";

const DAY_MS = 86_400_000;

export default {
  async scheduled(_event, env) {
    const report = await runFleet({
      client: new OpenRouterKeys({
        apiKey: env.OPENROUTER_MANAGEMENT_KEY,
        baseUrl: env.OPENROUTER_BASE_URL, // OpenRouter itself, unless set
      }),
      store: r2Store(env.ROTATIONS),
      // Other Workers read the secrets from this bucket, by the keys' names.
      openSink: () => r2Sink(env.SECRETS),
      sink: "r2:secrets",
      rule: { olderThanMs: env.OLDER_THAN_DAYS * DAY_MS },
      settings: { graceMs: env.GRACE_MS, quietMs: env.QUIET_MS, watchMs: env.WATCH_MS },
      // A Worker may run for 15 minutes; the trigger comes again after a longer pause.
      longestPauseMs: 60_000,
    });
    for (const { old, outcome } of report.rows) console.log(old, outcome);
  },
};
