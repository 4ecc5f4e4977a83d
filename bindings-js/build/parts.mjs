// Prints where the module's bytes are, part by part: how much smaller its compressed form
// would be without the functions of one crate. Takes a module with names. The parts add up
// to less than the whole, because what they share is counted in none.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const CODE = 10;
const DATA = 11;
const CUSTOM = 0;
const IMPORTS = 2;

const file = process.argv[2];
const bytes = readFileSync(file);
const size = (buffer) => gzipSync(buffer, { level: 9 }).length;

const sections = readSections();
const [functions, names] = [readFunctions(), readNames()];
const stripped = Buffer.concat(sections.filter(({ id }) => id !== CUSTOM).map(({ start, end }) => bytes.subarray(start, end)));
const whole = size(stripped);

const parts = new Map();
for (const [index, range] of functions) {
  const part = partOf(names.get(index) ?? "");
  parts.set(part, [...(parts.get(part) ?? []), range]);
}
for (const { id, content, end } of sections) if (id === DATA) parts.set("data", [{ start: content, end }]);

const rows = [...parts].map(([part, ranges]) => ({
  part,
  functions: part === "data" ? 0 : ranges.length,
  raw: ranges.reduce((sum, { start, end }) => sum + end - start, 0),
  gzip: whole - size(without(ranges)),
}));
rows.sort((a, b) => b.gzip - a.gzip);
console.log("part                     functions      raw     gzip");
for (const { part, functions, raw, gzip } of rows) {
  console.log(part.padEnd(24), ...[functions, raw, gzip].map((number, at) => String(number).padStart(at === 0 ? 9 : 8)));
}
console.log("whole".padEnd(24), String(functions.length).padStart(9), String(stripped.length).padStart(8), String(whole).padStart(8));
if (process.argv[3]) {
  console.log();
  const some = functions.filter(([index]) => partOf(names.get(index) ?? "").startsWith(process.argv[3]));
  some.sort(([, a], [, b]) => b.end - b.start - (a.end - a.start));
  for (const [index, { start, end }] of some) console.log(String(end - start).padStart(6), names.get(index));
}

/** The crate that a function's name begins with, or the kind of code. */
function partOf(name) {
  if (/^core::ptr::drop_in_place|drop_glue/.test(name)) return "drop glue";
  const path = name.replace(/^[<&*([]+|\bdyn |\bmut |\bconst /g, "");
  return /^(?:<|&|\*)*([a-z_][a-z0-9_]*)(?:\[[0-9a-f]+\])?::/.exec(path)?.[1] ?? "glue and unnamed";
}

/** The module without these ranges, so that the rest is compressed as before. */
function without(ranges) {
  const cut = [...ranges].sort((a, b) => a.start - b.start);
  const kept = [];
  for (const { id, start, end } of sections) {
    if (id === CUSTOM) continue;
    let at = start;
    for (const range of cut) {
      if (range.start < start || range.end > end) continue;
      kept.push(bytes.subarray(at, range.start));
      at = range.end;
    }
    kept.push(bytes.subarray(at, end));
  }
  return Buffer.concat(kept);
}

function readSections() {
  const found = [];
  for (let at = 8; at < bytes.length; ) {
    const [length, content] = number(at + 1);
    found.push({ id: bytes[at], start: at, content, end: content + length });
    at = content + length;
  }
  return found;
}

/** The range of each function's body, by index; imported functions come first. */
function readFunctions() {
  const code = sections.find(({ id }) => id === CODE);
  let [count, at] = number(code.content);
  const found = [];
  for (let index = importedFunctions(); count > 0; index += 1, count -= 1) {
    const [length, start] = number(at);
    found.push([index, { start: at, end: start + length }]);
    at = start + length;
  }
  return found;
}

function importedFunctions() {
  return WebAssembly.Module.imports(new WebAssembly.Module(bytes)).filter(({ kind }) => kind === "function").length;
}

function readNames() {
  const found = new Map();
  for (const { content, end } of sections.filter(({ id }) => id === CUSTOM)) {
    const [title, start] = text(content);
    if (title !== "name") continue;
    for (let at = start; at < end; ) {
      const [length, inner] = number(at + 1);
      if (bytes[at] === 1) {
        let [count, next] = number(inner);
        for (; count > 0; count -= 1) {
          const [index, behind] = number(next);
          const [name, after] = text(behind);
          found.set(index, name);
          next = after;
        }
      }
      at = inner + length;
    }
  }
  if (found.size === 0) throw new Error(`${file} has no names`);
  return found;
}

/** An unsigned LEB128 number, and the offset after it. */
function number(at) {
  let value = 0;
  for (let shift = 0; ; shift += 7, at += 1) {
    value += (bytes[at] & 127) * 2 ** shift;
    if (bytes[at] < 128) return [value, at + 1];
  }
}

function text(at) {
  const [length, start] = number(at);
  return [bytes.toString("utf8", start, start + length), start + length];
}
