// Ensures a key, creates another without leaving an orphan and a temporary one, rotates
// the first, audits all keys, and deletes everything.
//
// OPENROUTER_MANAGEMENT_KEY=sk-or-v1-… node workflows.mjs

import { isNewKey, OpenRouterKeys } from "openrouter-keys";

const keys = new OpenRouterKeys({
  apiKey: process.env.OPENROUTER_MANAGEMENT_KEY,
  baseUrl: process.env.OPENROUTER_BASE_URL, // OpenRouter itself, unless set
});

// An inference key cannot do any of this; the error would say where to get another.
const { isManagementKey } = await keys.checkKey("management");
console.log(`the key manages keys: ${isManagementKey}`);

// A unique name, so that nobody else's keys are deleted at the end.
const name = `Example ${crypto.randomUUID()}`;
const hashes = [];
try {
  const first = await keys.ensure({ name, limit: 5, settleMs: 100 });
  console.log(`ensured: ${first.outcome}`); // first.created.key is the secret: store it now
  hashes.push(first.created.data.hash);

  const second = await keys.ensure({ name, limit: 10, settleMs: 100 });
  console.log(`ensured: ${second.outcome}, changed: ${second.changed.join(", ")}`);

  const done = await keys.createReconciled({ name, limit: 5 });
  console.log(`created a key whose name has a marker: ${done.name.startsWith(`${name} #`)}`);
  const { deleted } = await keys.sweep({ names: [done.name, ...done.unconfirmed] });
  console.log(`swept ${deleted.length}`);

  // If the runtime has it: await using temporary = await keys.temporary(…);
  const temporary = await keys.temporary({ name, limit: 1, lifetimeMs: 3_600_000 });
  try {
    console.log(`created a key of ${temporary.key.length} characters until its close`);
  } finally {
    await temporary.close();
  }
  // In a real program, a file or a secret store that outlives it.
  const store = {};
  const handler = {
    save: (state) => (store.state = JSON.stringify(state)),
    handOver: (created) => (store.secret = created.key),
    wasHandedOver: (state) => isNewKey(state, store.secret),
  };
  // Nobody uses this key, so no waiting is needed. Leave these out in a real program.
  const times = { graceMs: 0, quietMs: 0, watchMs: 0 };
  const rotated = await keys.rotate({ hash: hashes[0], ...times }, handler);
  hashes[0] = rotated.new;
  console.log(`rotated: ${rotated.outcome}, last step: ${JSON.parse(store.state).step}`);

  const { key } = await keys.findBySecret({ secret: store.secret });
  console.log(`found the new key by its secret: ${key.hash === rotated.new}`);
  const report = await keys.audit({ nearLimit: 0.9, unusedForDays: 30 });
  const own = report.keys.find(({ key }) => key.hash === hashes[0]);
  console.log(`audited: ${own.findings.length} findings of this key`); // report.table has them all

  const all = await keys.listAll({ prefetch: 4 }).toArray();
  console.log(`listed ${all.filter((key) => key.name === name).length} of this name`);
} finally {
  for (const hash of hashes) await keys.delete(hash);
  console.log("deleted");
}
