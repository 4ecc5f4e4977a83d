// Creates a key in Bun, changes it, and deletes it again.
//
// OPENROUTER_MANAGEMENT_KEY=sk-or-v1-… bun bun.ts

import { type Created, OpenRouterKeys } from "openrouter-keys";

const keys = new OpenRouterKeys({
  apiKey: process.env.OPENROUTER_MANAGEMENT_KEY!,
  baseUrl: process.env.OPENROUTER_BASE_URL, // OpenRouter itself, unless set
});

// A unique name: a key whose secret got lost can be found by it.
const name = `Example ${crypto.randomUUID()}`;
const created: Created = await keys.create({ name, limit: 5, limitReset: "monthly" });
const { hash, label } = created.data;
try {
  console.log(`created ${label}`); // created.key is the secret: store it now
  for await (const key of keys.listAll()) {
    if (key.hash === hash) console.log(`listed ${key.label}`);
  }
  const { limit } = await keys.update(hash, { limit: 10 });
  console.log(`the limit is ${limit} USD`);
} finally {
  await keys.delete(hash);
  console.log("deleted");
}
