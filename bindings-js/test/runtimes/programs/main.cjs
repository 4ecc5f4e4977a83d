// The checks as a program that requires the package.

const { AsyncLocalStorage } = require("node:async_hooks");
const { inspect } = require("node:util");

const api = require("openrouter-keys");
const operations = require("openrouter-keys/operations");
const testing = require("openrouter-keys/testing");

async function main() {
  const { checks } = await import("./checks.js");
  const settings = JSON.parse(process.argv[2]);
  console.log(JSON.stringify(await checks(api, operations, testing, { ...settings, inspect, AsyncLocalStorage })));
}

main();
