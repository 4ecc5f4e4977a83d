// Prints the benchmarks' figures.

/** Prints rows of strings below these heads, with the first column left-aligned. */
export function table(heads, rows) {
  const all = [heads, ...rows];
  const widths = heads.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  for (const [name, ...figures] of all) {
    console.log(name.padEnd(widths[0]), ...figures.map((figure, at) => figure.padStart(widths[at + 1] + 1)));
  }
}
