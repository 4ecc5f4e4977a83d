// Without `exactOptionalPropertyTypes`: optional fields may be undefined.

import type { Key, MayHaveCreated, UpdateParams } from "openrouter-keys";

declare const valid: Omit<Key, "extra" | "expiresAt">;
declare const choice: number | undefined;

const update: UpdateParams = { limit: choice, name: undefined };
const key: Key = { ...valid, extra: undefined };
const orphan: MayHaveCreated = { name: "ci", names: [], from: "", until: "", workspaceId: undefined };
// @ts-expect-error: null is not undefined
const cleared: Key = { ...valid, extra: null };

export { cleared, key, orphan, update };
