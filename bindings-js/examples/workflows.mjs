// Makes sure of a key, makes another that leaves no orphan and one for a time, and
// deletes them all.
//
// OPENROUTER_API_KEY=sk-or-v1-… node workflows.mjs

import { OpenRouterKeys } from "openrouter-keys";

const keys = new OpenRouterKeys({
  apiKey: process.env.OPENROUTER_API_KEY, // a management key
  baseUrl: process.env.OPENROUTER_BASE_URL, // OpenRouter itself, unless set
});

// Names of their own: what is deleted at the end is nobody else's.
const name = `Example ${crypto.randomUUID()}`;
const hashes = [];
try {
  const first = await keys.ensure({ name, limit: 5, settleMs: 100 });
  console.log(`ensured: ${first.outcome}`); // first.created.key is the secret: store it now
  hashes.push(first.created.data.hash);

  const second = await keys.ensure({ name, limit: 10, settleMs: 100 });
  console.log(`ensured: ${second.outcome}, changed: ${second.changed.join(", ")}`);

  const done = await keys.createReconciled({ name, limit: 5 });
  console.log(`made a key whose name has a marker: ${done.name.startsWith(`${name} #`)}`);
  const { deleted } = await keys.sweep({ names: [done.name, ...done.unconfirmed] });
  console.log(`swept ${deleted.length}`);

  // Where the runtime has it: await using lent = await keys.temporary(…);
  const lent = await keys.temporary({ name, limit: 1, lifetimeMs: 3_600_000 });
  try {
    console.log(`lent a key of ${lent.key.length} characters until its close`);
  } finally {
    await lent.close();
  }

  const all = await keys.listAll({ exhaustive: true, prefetch: 4 }).toArray();
  console.log(`listed ${all.filter((key) => key.name === name).length} of this name`);
} finally {
  for (const hash of hashes) await keys.delete(hash);
  console.log("deleted");
}
