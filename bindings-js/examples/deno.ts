// Creates a key in Deno, changes it, and deletes it again.
//
// OPENROUTER_MANAGEMENT_KEY=sk-or-v1-… deno run --allow-env --allow-net deno.ts

import { type Created, OpenRouterKeys } from "npm:openrouter-keys";

const keys = new OpenRouterKeys({
  apiKey: Deno.env.get("OPENROUTER_MANAGEMENT_KEY")!,
  baseUrl: Deno.env.get("OPENROUTER_BASE_URL"), // OpenRouter itself, unless set
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
