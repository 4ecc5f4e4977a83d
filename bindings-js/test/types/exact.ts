// Under `exactOptionalPropertyTypes`: arguments may be undefined, and fields that a response
// lacks are absent.

import type { Key, MayHaveCreated, UpdateParams } from "openrouter-keys";

declare const valid: Omit<Key, "extra" | "expiresAt">;
declare const choice: number | undefined;

const update: UpdateParams = { limit: choice, name: undefined };
const key: Key = valid;
// @ts-expect-error: an absent field is not undefined
const undefinedExtra: Key = { ...valid, extra: undefined };
// @ts-expect-error: nor is the workspace of an orphan
const orphan: MayHaveCreated = { name: "ci", from: "", until: "", workspaceId: undefined };

export { key, orphan, undefinedExtra, update };
