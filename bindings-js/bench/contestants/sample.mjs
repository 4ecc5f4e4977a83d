// What the contestants request, and the key in each response: the same as in `core/src/test_util/samples.rs`.

import { createRequire } from "node:module";

export const API_KEY = "sk-or-v1-the-management-key-of-the-benchmark";
export const HASH = "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943";

const KEY = {
  hash: HASH,
  name: "Customer 42",
  label: "sk-or-v1-0e6...1c96",
  disabled: false,
  limit: 25,
  limit_remaining: 21.5,
  limit_reset: "monthly",
  include_byok_in_limit: false,
  usage: 3.5,
  usage_daily: 0.5,
  usage_weekly: 1.25,
  usage_monthly: 3.5,
  byok_usage: 0,
  byok_usage_daily: 0,
  byok_usage_weekly: 0,
  byok_usage_monthly: 0,
  created_at: "2026-10-01T09:30:00.000Z",
  updated_at: null,
  expires_at: null,
  last_used_at: "2026-11-20T17:45:12.250Z",
  creator_user_id: "user_2abcDEF",
  workspace_id: "0df9e665-d932-5740-b2c7-b52af166bc11",
  external_user: null,
};

/** The documented fields, by the API's names. */
export const FIELDS = Object.keys(KEY);

/** The bytes of a page with this many keys. */
export function page(keys) {
  const data = Array.from({ length: keys }, (_, number) => ({
    ...KEY,
    hash: number.toString(16).padStart(64, "0"),
    name: `Customer ${number}`,
  }));
  return new TextEncoder().encode(JSON.stringify({ data }));
}

/** How a contestant's objects name the fields. */
export const snakeCase = (field) => field;
export const camelCase = (field) => field.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

/**
 * A function that reads each field of a key, and returns how many exist. Generated code:
 * a loop over names would take as long as some decoders.
 */
export function reader(naming) {
  const reads = FIELDS.map((field) => `(key.${naming(field)} === undefined ? 0 : 1)`);
  return new Function("key", `return ${reads.join(" + ")};`);
}

/** The versions of these packages. */
export function versionsOf(...packages) {
  const require = createRequire(import.meta.url);
  return Object.fromEntries(packages.map((name) => [name, require(`${name}/package.json`).version]));
}
