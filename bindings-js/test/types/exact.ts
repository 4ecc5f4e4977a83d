// Under `exactOptionalPropertyTypes`: arguments may be undefined, and what an
// answer does not have is not there.

import type { Key, MayHaveCreated, UpdateParams } from "openrouter-keys";

declare const sound: Omit<Key, "extra" | "expiresAt">;
declare const choice: number | undefined;

const update: UpdateParams = { limit: choice, name: undefined };
const key: Key = sound;
// @ts-expect-error: a field that is absent is not undefined
const undefinedExtra: Key = { ...sound, extra: undefined };
// @ts-expect-error: nor is the workspace of an orphan
const orphan: MayHaveCreated = { name: "ci", from: "", until: "", workspaceId: undefined };

export { key, orphan, undefinedExtra, update };
