// `node bindings-js/bench/crossings.mjs`, after `cargo xtask npm`: how often one `get` crosses
// from WebAssembly to JavaScript, by purpose. Each crossing is a call of a function that the
// module imports. Calls from JavaScript into the module are not counted.

import { table } from "./figures.mjs";

const counts = new Map();
const Instance = WebAssembly.Instance;
WebAssembly.Instance = function (module, imports) {
  return new Instance(module, Object.fromEntries(Object.entries(imports).map(([from, functions]) => [from, counting(functions)])));
};

const { OpenRouterKeys } = await import("../npm/index.js");
const { key } = await import("../npm/testing.js");

const body = JSON.stringify({ data: key({}) });
const keys = new OpenRouterKeys({ apiKey: "sk-or-v1-of-the-benchmark", fetch: async () => new Response(body) });
await keys.get("f01d52606dc8f0a8");
counts.clear(); // Objects created once are not part of a call.
await keys.get("f01d52606dc8f0a8");

const rows = [...counts].toSorted(([, one], [, other]) => other - one);
const all = rows.reduce((sum, [, count]) => sum + count, 0);
table(["import", "calls"], [...rows, ["all", all]].map(([name, count]) => [name, String(count)]));

function counting(functions) {
  return Object.fromEntries(Object.entries(functions).map(([name, value]) => [name, typeof value === "function" ? counted(name, value) : value]));
}

function counted(name, real) {
  // A hash follows the last underscore.
  const what = name.replace(/^__wbg_|_[0-9a-f]{16}$/g, "");
  return (...values) => {
    counts.set(what, (counts.get(what) ?? 0) + 1);
    return real(...values);
  };
}
