// The scenario as a program that requires the package.

const { inspect } = require("node:util");

const api = require("openrouter-keys");

async function main() {
  const { scenario } = await import("./scenario.js");
  const settings = JSON.parse(process.argv[2]);
  const checks = await scenario(api, { ...settings, inspect: (value) => inspect(value, { showHidden: true }) });
  console.log(JSON.stringify(checks));
}

main();
