// How the benchmarks print their figures.

/** Prints rows of texts below these heads, the first column to the left. */
export function table(heads, rows) {
  const all = [heads, ...rows];
  const widths = heads.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  for (const [name, ...figures] of all) {
    console.log(name.padEnd(widths[0]), ...figures.map((figure, at) => figure.padStart(widths[at + 1] + 1)));
  }
}
