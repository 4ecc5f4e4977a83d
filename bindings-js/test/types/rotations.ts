// Rotating a key: parameters, handler and result.

import type { CurrentKey, FoundBySecret, Key, RotationHandler, Rotated, Rotation } from "openrouter-keys";
import { isNewKey, OpenRouterKeys } from "openrouter-keys";
import { same } from "./equal.js";

declare const keys: OpenRouterKeys;
declare const state: Rotation;

export async function rotations(): Promise<void> {
  const handler: RotationHandler = {
    async save(state) {
      same<typeof state, Rotation>();
      JSON.stringify(state);
    },
    handOver: (created) => void created.key,
    wasHandedOver: (state) => isNewKey(state, "secret"),
  };
  const rotated: Rotated = await keys.rotate({ hash: "hash", graceMs: 1 }, handler);
  if (rotated.outcome === "done") {
    same<typeof rotated.new, string>();
    const [old, carried]: [Key | undefined, number | undefined] = [rotated.old, rotated.carried];
    void [old, carried];
  } else if (rotated.outcome === "waiting") {
    same<typeof rotated.leftMs, number>();
    await keys.rotate({ resume: rotated.state, leaseMs: 1, longestPauseMs: 0 }, { ...handler, claim: async (leaseMs) => void (leaseMs satisfies number) });
  } else {
    same<typeof rotated.old, Key>();
    await keys.rotate({ resume: rotated.state }, handler, { signal: AbortSignal.abort() });
  }
  // @ts-expect-error: a handler must store the key
  await keys.rotate({ hash: "hash" });
  // @ts-expect-error: a handler must save the state
  await keys.rotate({ hash: "hash" }, { handOver() {}, wasHandedOver: () => true });
  // @ts-expect-error: a state is not a string
  await keys.rotate({ resume: "state" }, handler);
  // @ts-expect-error: the state is read-only
  state.step = "done";
}

export async function searches(): Promise<void> {
  const found: FoundBySecret = await keys.findBySecret({ secret: "secret" });
  const key: Key | undefined = found.key;
  // @ts-expect-error: there may be none
  found.current.label;
  const current: CurrentKey = await keys.checkKey("management");
  // @ts-expect-error: there is no such kind
  await keys.checkKey("provisioning");
  void [key, current];
}
