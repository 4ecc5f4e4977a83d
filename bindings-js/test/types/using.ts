// `using`, where the library of the language has `Symbol.dispose`.

import { OpenRouterKeys } from "openrouter-keys";

export async function all(): Promise<number> {
  using keys = new OpenRouterKeys({ apiKey: "…" });
  const page = await keys.list();
  return page.data.length;
}

const disposable: Disposable = new OpenRouterKeys({ apiKey: "…" });
disposable[Symbol.dispose]();
