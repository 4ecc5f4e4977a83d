// All keys through a client that lists single pages. The end is a page that is not full, as it is to the package.

const FULL = 100;

export async function everyPage(list) {
  const all = [];
  for (;;) {
    const page = await list(all.length);
    all.push(...page);
    if (page.length < FULL) return all;
  }
}
