// A route handler on Vercel's edge runtime that creates a key, changes it, and deletes it
// again.
//
// In a Next.js project this is app/api/example/route.js; OPENROUTER_MANAGEMENT_KEY is
// an environment variable of the project.

import { OpenRouterKeys } from "openrouter-keys";

export const runtime = "edge";

export async function POST() {
  // A real route authenticates the caller here.
  const keys = new OpenRouterKeys({
    apiKey: process.env.OPENROUTER_MANAGEMENT_KEY,
    baseUrl: process.env.OPENROUTER_BASE_URL, // OpenRouter itself, unless set
  });
  return new Response(await tryOut(keys));
}

async function tryOut(keys) {
  const lines = [];
  // A unique name: a key whose secret got lost can be found by it.
  const name = `Example ${crypto.randomUUID()}`;
  const created = await keys.create({ name, limit: 5, limitReset: "monthly" });
  const { hash, label } = created.data;
  try {
    lines.push(`created ${label}`); // created.key is the secret: store it now
    for await (const key of keys.listAll()) {
      if (key.hash === hash) lines.push(`listed ${key.label}`);
    }
    const { limit } = await keys.update(hash, { limit: 10 });
    lines.push(`the limit is ${limit} USD`);
  } finally {
    await keys.delete(hash);
    lines.push("deleted");
  }
  return `${lines.join("\n")}\n`;
}
