// Lists all keys with a client that lists single pages. A page that is not full is the last, as for the package.

const FULL = 100;

export async function everyPage(list) {
  const all = [];
  for (;;) {
    const page = await list(all.length);
    all.push(...page);
    if (page.length < FULL) return all;
  }
}
