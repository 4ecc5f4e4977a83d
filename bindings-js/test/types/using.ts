// `using` and `await using`, if the language library has the symbols.

import { OpenRouterKeys, type Swept, type TemporaryKey } from "openrouter-keys";

export async function all(): Promise<number> {
  using keys = new OpenRouterKeys({ apiKey: "…" });
  const page = await keys.list();
  return page.data.length;
}

export async function withKey(keys: OpenRouterKeys): Promise<[string, string, string]> {
  await using key = await keys.temporary({ name: "ci", limit: 1, lifetimeMs: 3_600_000 }, { timeoutMs: 1000 });
  return [key.key, key.name, key.expiresAt];
}

export async function closed(key: TemporaryKey): Promise<void> {
  const disposable: AsyncDisposable = key;
  await disposable[Symbol.asyncDispose]();
  await key.close({ timeoutMs: 1000 });
}

export async function sweeps(keys: OpenRouterKeys): Promise<Swept[]> {
  return [await keys.sweep({ temporary: true, workspaceIds: [] }), await keys.sweep({ names: [] })];
}

export function refused(keys: OpenRouterKeys): void {
  // @ts-expect-error: without a lifetime
  void keys.temporary({ name: "ci", limit: 1 });
  // @ts-expect-error: a lifetime and an expiry
  void keys.temporary({ name: "ci", limit: 1, lifetimeMs: 1, expiresAt: "2027-01-01T00:00:00Z" });
  // @ts-expect-error: with both
  void keys.sweep({ temporary: true, names: [] });
  // @ts-expect-error: with neither
  void keys.sweep({});
}

const disposable: Disposable = new OpenRouterKeys({ apiKey: "…" });
disposable[Symbol.dispose]();
