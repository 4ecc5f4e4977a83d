// `node bindings-js/bench/contestant.mjs package|fetch|sdk|sdk-functions|zod|json`: one contestant of
// `cargo xtask bench`. It reads requests and writes results, each a line of JSON. The package is the one that
// `cargo xtask npm` built.

import { createInterface } from "node:readline";

import { FIELDS, HASH, page, reader } from "./contestants/sample.mjs";

const NAMES = ["package", "fetch", "sdk", "sdk-functions", "zod", "json"];
const MEMORY = "https://memory.invalid/api/v1";

const [name] = process.argv.slice(2);
try {
  await compete();
} catch (error) {
  print({ error: described(error) });
  process.exitCode = 1;
}

async function compete() {
  if (!NAMES.includes(name)) throw new Error(`the contestants are ${NAMES.join(", ")}, not ${name}`);
  const contestant = await import(`./contestants/${name}.mjs`);
  const tasks = { ...(contestant.connect && online(contestant)), decode: decoding(contestant) };
  print({ ready: true, versions: { node: process.versions.node, ...contestant.versions } });
  for await (const line of createInterface({ input: process.stdin })) {
    print(await respond(tasks, line).catch((error) => ({ error: described(error) })));
  }
}

/** Each task turns a request into the call to time, which returns the keys of its response. */
function online({ connect }) {
  const client = memoized((baseUrl) => connect({ baseUrl }));
  return {
    get({ base }) {
      const { get } = client(url(base));
      return async () => [await get(HASH)];
    },
    list: ({ base }) => client(url(base)).list,
    /** Only the package has `prefetch`; the others request page after page. */
    list_all({ base, prefetch = 1 }) {
      const { listAll } = client(url(base));
      const pages = count("prefetch", prefetch);
      return () => listAll(pages);
    },
  };
}

/** Decodes a body in memory into objects, and reads every documented field. */
function decoding({ connect, decode, naming }) {
  const read = reader(naming);
  const call = memoized((keys) => {
    const body = page(keys);
    const fetch = async () => new Response(body, { headers: { "content-type": "application/json" } });
    const rows = decode ? () => decode(body) : connect({ baseUrl: MEMORY, fetch, maxBytes: body.length }).list;
    return async () => whole(await rows(), read, keys);
  });
  return ({ keys }) => call(count("keys", keys, 0));
}

function whole(rows, read, keys) {
  let there = 0;
  for (const row of rows) there += read(row);
  // The SDK does not know `last_used_at`.
  const isWhole = rows.length === keys && there >= keys * (FIELDS.length - 1);
  if (!isWhole) throw new Error(`${there} fields of ${rows.length} keys arrived, not all those of ${keys}`);
  return rows;
}

async function respond(tasks, line) {
  const request = Object(JSON.parse(line));
  const { task, calls, at_once: atOnce = 1 } = request;
  const names = Object.keys(tasks);
  if (!names.includes(task)) throw new Error(`the tasks of ${name} are ${names.join(", ")}, not ${task}`);
  const call = tasks[task](request);
  const [all, lanes] = [count("calls", calls), count("at_once", atOnce)];
  const cpu = process.cpuUsage();
  const started = process.hrtime.bigint();
  const checked = await repeated(call, all, lanes);
  const ended = process.hrtime.bigint();
  const { user, system } = process.cpuUsage(cpu);
  return { wall_ns: Number(ended - started), cpu_ns: (user + system) * 1000, checked };
}

/** Makes this many calls, with this many in flight at once; returns how many keys arrived. */
async function repeated(call, calls, atOnce) {
  let left = calls;
  let checked = 0;
  async function lane() {
    while (left > 0) {
      left -= 1;
      const rows = await call();
      checked += seen(rows);
    }
  }
  const lanes = Array.from({ length: atOnce }, () => lane().catch((error) => {
    left = 0;
    throw error;
  }));
  // Nothing of this request may still run during the next one.
  const failed = (await Promise.allSettled(lanes)).find(({ status }) => status === "rejected");
  if (failed) throw failed.reason;
  return checked;
}

/** How many keys these are; checks the first, because decoding may be lazy. */
function seen(rows) {
  if (rows.length > 0 && !(rows[0].hash && rows[0].name)) throw new Error("the first key has no hash or no name");
  return rows.length;
}

function url(base) {
  if (!URL.canParse(base)) throw new Error(`base must be a URL, not ${base}`);
  return base;
}

function count(name, value, least = 1) {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`${name} must be a whole number of at least ${least}, not ${value}`);
}

function memoized(make) {
  const made = new Map();
  return (key) => {
    if (!made.has(key)) made.set(key, make(key));
    return made.get(key);
  };
}

function described(error) {
  const { cause } = error;
  return cause ? `${error}: ${described(cause)}` : `${error}`;
}

function print(response) {
  process.stdout.write(`${JSON.stringify(response)}\n`);
}
