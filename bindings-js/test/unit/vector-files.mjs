// The wire vectors of `tests/vectors`, file by file, with expanded tables.

import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("../../../tests/vectors/", import.meta.url);
const read = (path) => JSON.parse(readFileSync(new URL(path, FOLDER), "utf8"));
const { everywhere, operations } = read("shared/values.json");

/** Every file with its vectors. */
export const files = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .map((name) => ({ name, vectors: read(name).flatMap(expanded) }));

/** The vectors of an entry; tests/vectors/README.md describes tables. */
export function expanded({ for: axes = {}, ...template }) {
  const products = [axes].flat();
  const columns = products.flatMap((product) => Object.keys(product)).flatMap((axis) => axis.split(" "));
  const empty = Object.fromEntries(columns.map((column) => [column, undefined]));
  return products.flatMap((product) => rows(Object.entries(product))).map((row) => {
    const { arguments: usual, ...values } = operations[filled(template.operation, row)];
    return { arguments: usual, ...filled(template, { ...empty, ...everywhere, ...values, ...row }) };
  });
}

/** Each row of the first axis with each of the others. */
function rows([axis, ...others]) {
  if (axis === undefined) return [{}];
  const columns = axis[0].split(" ");
  return axis[1].flatMap((cells) => {
    const row = columns.length > 1 ? Object.fromEntries(cells.map((cell, at) => [columns[at], cell])) : { [axis[0]]: cells };
    return rows(others).map((other) => ({ ...row, ...other }));
  });
}

/** The value with the row's cells filled in; what an empty cell stands for is left out. */
function filled(value, row) {
  if (typeof value === "string") return filledString(value, row);
  if (Array.isArray(value)) return value.map((item) => filled(item, row)).filter((item) => item !== undefined);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, item]) => [name, filled(item, row)])
      .filter(([, item]) => item !== undefined),
  );
}

function filledString(text, row) {
  if (text.startsWith("$") && Object.hasOwn(row, text.slice(1))) return filled(row[text.slice(1)], row);
  return text.replace(/\{([a-z_]+)\}/g, (whole, column) => (Object.hasOwn(row, column) ? String(row[column]) : whole));
}
