// A client over a fake fetch and a virtual clock, and how its calls fail.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { Console } from "node:console";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";

import { OpenRouterKeys } from "../../npm/index.js";
import { fakeFetch, key, virtualClock } from "../../npm/testing.js";

export const API_KEY = "sk-or-v1-the-management-key-of-the-tests";
export const HASH = key().hash;
export const PARAMS = Object.freeze({ name: "Customer 42", limit: 25 });

/** A client whose requests get these replies. */
export function clientOver(script, { clock = virtualClock(), ...options } = {}) {
  const fetch = fakeFetch(script, { clock });
  return { keys: new OpenRouterKeys({ apiKey: API_KEY, fetch, clock, ...options }), fetch, clock };
}

/** The promise's rejection. */
export async function failureOf(promise) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  return assert.fail(`it should have failed, but returned ${inspect(value)}`);
}

/** Each of the six operations, with valid arguments and its valid response. */
export const OPERATIONS = {
  list: (keys, options) => keys.list({}, options),
  create: (keys, options) => keys.create(PARAMS, options),
  get: (keys, options) => keys.get(HASH, options),
  update: (keys, options) => keys.update(HASH, { disabled: true }, options),
  delete: (keys, options) => keys.delete(HASH, options),
  getCurrentKeyMetadata: (keys, options) => keys.getCurrentKeyMetadata(options),
};

/** All that printing, copying and serializing show of a value. */
export function everythingShown(value) {
  const texts = [
    inspect(value, { depth: Infinity, showHidden: true, maxStringLength: Infinity, maxArrayLength: Infinity }),
    inspect(value),
    String(value),
    JSON.stringify(value),
  ];
  if (typeof value !== "object" || value === null) return texts.join("\n");
  texts.push(
    Object.keys(value).join(),
    inspect(Object.entries(value), { depth: Infinity }),
    inspect({ ...value }, { depth: Infinity, showHidden: true }),
    inspect(structuredClone(value), { depth: Infinity, showHidden: true }),
  );
  for (let error = value; error instanceof Error; error = error.cause) texts.push(error.message, error.stack);
  return texts.join("\n");
}

/** What the console prints of a value, alone and within others. */
export function printed(value) {
  let text = "";
  const sink = new Writable({
    write(chunk, _, done) {
      text += chunk;
      done();
    },
  });
  const console = new Console({ stdout: sink, stderr: sink });
  console.log(value);
  console.log("%s %o %O %j", value, value, value, value);
  console.error({ value: [value] });
  console.dir(value, { depth: Infinity, showHidden: true });
  console.table([value]);
  return text;
}

/**
 * Runs a separate program in this folder and returns the value that it left in `result`.
 * What it sets in `globals` exists before the package loads.
 */
export function inAnotherProcess(body, globals = "") {
  const source = `
    ${globals};
    const api = await import("../../npm/index.js");
    const testing = await import("../../npm/testing.js");
    let result;
    ${body};
    process.on("exit", () => console.log(JSON.stringify(result)));
  `;
  const output = execFileSync(process.execPath, ["--input-type=module", "--eval", source], {
    cwd: fileURLToPath(new URL(".", import.meta.url)),
    encoding: "utf8",
  });
  return JSON.parse(output);
}
