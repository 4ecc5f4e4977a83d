// Without `exactOptionalPropertyTypes`: what may be left out may be undefined.

import type { Key, MayHaveCreated, UpdateParams } from "openrouter-keys";

declare const sound: Omit<Key, "extra" | "expiresAt">;
declare const choice: number | undefined;

const update: UpdateParams = { limit: choice, name: undefined };
const key: Key = { ...sound, extra: undefined };
const orphan: MayHaveCreated = { name: "ci", names: [], from: "", until: "", workspaceId: undefined };
// @ts-expect-error: null is something else
const cleared: Key = { ...sound, extra: null };

export { cleared, key, orphan, update };
