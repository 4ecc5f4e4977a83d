// A Cloudflare Worker that creates a key, changes it, and deletes it again.
//
// wrangler secret put OPENROUTER_MANAGEMENT_KEY
// wrangler deploy

import { OpenRouterKeys } from "openrouter-keys";

export default {
  async fetch(request, env) {
    // A real worker authenticates the caller here.
    const keys = new OpenRouterKeys({
      apiKey: env.OPENROUTER_MANAGEMENT_KEY,
      baseUrl: env.OPENROUTER_BASE_URL, // OpenRouter itself, unless set
    });
    return new Response(await tryOut(keys));
  },
};

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
