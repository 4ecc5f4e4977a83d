// Keys that nobody has, which appear after their rotation was done.

/** How long such a key may take to appear, in seconds. */
const LONGEST = 24 * 60 * 60;

/** Looks for them by their marked names, and deletes them. */
export async function sweptLate(pass, late) {
  const swept = [];
  try {
    await sweepAll(pass, late, swept);
    return { swept };
  } catch (notSwept) {
    return { swept, notSwept };
  }
}

async function sweepAll({ client, store, clock, calls }, late, swept) {
  const [names, workspaces, over] = [[], new Set(), []];
  for (const old of late) {
    const { rotation } = (await store.load(old)) ?? {};
    const { unconfirmed = [], since, oldKey } = rotation ?? {};
    if (clock.date() / 1000 - since > LONGEST) over.push({ old, unconfirmed });
    if (oldKey?.workspace_id) workspaces.add(oldKey.workspace_id);
    names.push(...unconfirmed);
  }
  if (names.length === 0) return;
  const workspaceIds = workspaces.size > 0 ? [...workspaces] : undefined;
  const { deleted, failed } = await client.sweep({ names, workspaceIds }, calls);
  swept.push(...deleted.map(({ name }) => name));
  const kept = failed.map(({ key }) => key.name);
  for (const { old, unconfirmed } of over) {
    if (!unconfirmed.some((name) => kept.includes(name))) await store.forgetLate(old);
  }
  if (failed.length > 0) throw failed[0].error;
}
