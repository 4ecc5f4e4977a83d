// Rotates keys of the emulator from Workers on a cron trigger, from Node and from the command line,
// which share a store: `node fleet.mjs EMULATOR [COMMAND_LINE]`. R2, Durable Objects and S3's protocol are miniflare's, Cloudflare's
// simulator in workerd.

import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { AwsClient } from "aws4fetch";
import { convertV4MiniflareOptions, fetch as forward, Miniflare } from "miniflare";

import { OpenRouterKeys } from "../../npm/index.js";
import { NotStored, r2Sink, r2Store, runFleet, s3Store } from "../../npm/fleet.js";
import { withProject } from "../unit/project.mjs";
import { keysAt } from "../examples/traffic.mjs";
import { isRotatedIn, onCommandLine } from "./command-line.mjs";
import { startEmulator } from "./emulator.mjs";
import { bundle } from "./workerd.mjs";

const EXAMPLE = fileURLToPath(new URL("../../examples/workers-fleet/", import.meta.url));
const PROGRAM = fileURLToPath(new URL("programs/worker-rotations.js", import.meta.url));
/** Old enough for the rules. */
const SEEDED = ["key 0", "key 1", "key 2"].map((name) => ({ name, limit: 25, created_at: "2026-01-01T00:00:00Z" }));
const S3 = { accessKeyId: "tests", secretAccessKey: "of the store" };
const LEASES = { timeoutMs: 1000, leaseMs: 1500 };
const NO_TIME = { graceMs: 0, quietMs: 0, watchMs: 0 };

const [program, commandLine] = process.argv.slice(2);
if (program === undefined) {
  console.error("usage: node fleet.mjs EMULATOR [COMMAND_LINE]");
  process.exit(2);
}

if (commandLine === undefined) {
  console.log("SKIPPED: the command line, which is not built");
  if (process.env.CI) process.exitCode = 1;
}

const root = mkdtempSync(join(tmpdir(), "openrouter-keys-fleet-"));
process.on("exit", () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
const [example, rotations] = await bundled();
const seed = join(root, "seed.json");
writeFileSync(seed, JSON.stringify({ keys: SEEDED }));

for (const [name, check] of Object.entries({
  "a Worker on a cron trigger rotates keys, by the example": byExample,
  "a Worker is killed, and Node continues over S3 what it left in R2": killedInR2,
  "Workers are killed again and again, with their logs in a Durable Object": killedInDurableObject,
  "R2 and S3 let one of several writers win": oneWins,
  "a sink in R2 keeps a late machine out": keepsLateOut,
  ...(commandLine && { "the command line and JavaScript continue each other's rotations": alternating }),
})) {
  const started = performance.now();
  const emulator = await startEmulator(program, 0, seed);
  try {
    await check(emulator);
    console.log(`ok ${name}, ${((performance.now() - started) / 1000).toFixed(1)} s`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`not ok ${name}\n  ${error.stack}`);
  } finally {
    await emulator.stop();
  }
}
process.exit();

/** The Workers, each as a folder with its modules. */
async function bundled() {
  const project = join(root, "project");
  withProject([PROGRAM, join(EXAMPLE, "worker.js")], (folder) => cpSync(folder, project, { recursive: true }));
  return Promise.all(
    ["worker.js", "worker-rotations.js"].map(async (entry) => {
      const outdir = join(root, `bundle-${entry}`);
      await bundle(project, entry, outdir);
      return join(outdir, entry);
    }),
  );
}

/** A Worker whose buckets and Durable Objects are in this folder. It is killed at its `dies`th request. */
async function worker(script, folder, bindings, { durableObjects = {}, dies = Infinity } = {}) {
  mkdirSync(folder, { recursive: true });
  const wasm = join(script, "../openrouter_keys_bg.wasm");
  let requests = 0;
  let machine;
  const outboundService = async (request) => {
    if (++requests < dies) return forward(request);
    await machine.dispose();
    return Response.error();
  };
  machine = new Miniflare(
    convertV4MiniflareOptions({
      modules: [
        { type: "ESModule", path: script },
        { type: "CompiledWasm", path: `${wasm}?module`, contents: readFileSync(wasm) },
      ],
      modulesRoot: join(script, ".."),
      compatibilityDate: "2025-06-01",
      bindings,
      outboundService,
      r2Buckets: { ROTATIONS: { id: "rotations", s3Credentials: S3 }, SECRETS: "secrets" },
      durableObjects,
      resourcePersistencePath: folder,
    }),
  );
  await machine.ready;
  return machine;
}

/** One run of the cron trigger; whether the Worker lived to its end. */
async function isTriggered(machine) {
  try {
    return (await (await machine.getWorker()).scheduled({ cron: "* * * * *" })).outcome === "ok";
  } catch {
    return false;
  }
}

/** Every old key is gone, the secrets in the bucket are those of the new ones, under their names, and no other key is left. */
async function isRotated(emulator, secrets, before) {
  const after = await seededAt(emulator);
  assert.deepEqual(after.map(({ name }) => name).sort(), before.map(({ name }) => name).sort());
  for (const { name, hash } of before) {
    const secret = await (await secrets.get(name)).text();
    const client = new OpenRouterKeys({ apiKey: secret, baseUrl: emulator.baseUrl });
    await client.getCurrentKeyMetadata();
    const now = after.find((key) => key.name === name);
    assert.notEqual(now.hash, hash);
    assert.equal((await secrets.head(name)).customMetadata.hash, now.hash);
  }
}

/** The seeded keys. */
async function seededAt(emulator) {
  return (await keysAt(emulator)).filter(({ name }) => name.startsWith("key "));
}

async function byExample(emulator) {
  const before = await seededAt(emulator);
  const bindings = {
    OPENROUTER_MANAGEMENT_KEY: emulator.apiKey,
    OPENROUTER_BASE_URL: emulator.baseUrl,
    OLDER_THAN_DAYS: 1,
    GRACE_MS: 0,
    QUIET_MS: 0,
    WATCH_MS: 0,
  };
  const machine = await worker(example, join(root, "example"), bindings);
  try {
    const { outcome } = await (await machine.getWorker()).scheduled({ cron: "*/10 * * * *" });
    assert.equal(outcome, "ok");
    await isRotated(emulator, await machine.getR2Bucket("SECRETS"), before);
    const logs = await r2Store(await machine.getR2Bucket("ROTATIONS")).list();
    assert.deepEqual([...logs.values()].map(({ isDone }) => isDone), SEEDED.map(() => true));
  } finally {
    await machine.dispose();
  }
}

function bindingsOf({ apiKey, baseUrl }, keys) {
  return { KEY: apiKey, BASE_URL: baseUrl, HASHES: keys.map(({ hash }) => hash) };
}

/** The store of the Workers, by S3's protocol. */
async function overS3(machine, credentials = S3) {
  const aws = new AwsClient({ ...credentials, service: "s3", region: "auto", retries: 0 });
  const bucket = new URL("/cdn-cgi/local/r2/s3/rotations", await machine.ready);
  return s3Store({ bucket, prefix: "fleet", fetch: (url, init) => aws.fetch(url, init) });
}

async function killedInR2(emulator) {
  const before = await seededAt(emulator);
  const folder = join(root, "r2");
  const bindings = bindingsOf(emulator, before);
  // The new keys are created, and some are handed over.
  assert.equal(await isTriggered(await worker(rotations, folder, bindings, { dies: 16 })), false);
  const machine = await worker(rotations, folder, bindings);
  try {
    const secrets = await machine.getR2Bucket("SECRETS");
    const report = await runFleet({
      client: new OpenRouterKeys({ apiKey: emulator.apiKey, baseUrl: emulator.baseUrl }),
      store: await overS3(machine),
      openSink: () => r2Sink(secrets),
      sink: "r2",
      keys: bindings.HASHES,
      settings: NO_TIME,
      ...LEASES,
    });
    assert.deepEqual(report.rows.map(({ outcome }) => outcome), before.map(() => "done"));
    await isRotated(emulator, secrets, before);
    // The Worker finds nothing to do.
    assert.equal(await isTriggered(machine), true);
    assert.deepEqual(await (await secrets.get("report")).json(), []);
    // The Worker's entry is in the log that Node has continued.
    const store = r2Store(await machine.getR2Bucket("ROTATIONS"), "fleet");
    const owners = (await Promise.all(bindings.HASHES.map((hash) => store.entries(hash)))).map((log) => new Set(log.map(({ owner }) => owner)).size);
    assert.ok(owners.some((count) => count > 1), `${owners}`);
  } finally {
    await machine.dispose();
  }
}

async function killedInDurableObject(emulator) {
  const before = await seededAt(emulator);
  const folder = join(root, "durable-object");
  const durableObjects = { LOGS: { className: "RotationLogs", useSQLite: true } };
  // First it dies when keys are about to be created, and later when old ones are about to be deleted.
  for (const dies of [6, 18, Infinity]) {
    const machine = await worker(rotations, folder, bindingsOf(emulator, before), { durableObjects, dies });
    assert.equal(await isTriggered(machine), dies === Infinity);
    if (dies !== Infinity) continue;
    const secrets = await machine.getR2Bucket("SECRETS");
    const rows = await (await secrets.get("report")).json();
    assert.ok(rows.every(({ outcome }) => outcome === "done"), JSON.stringify(rows));
    await isRotated(emulator, secrets, before);
    await machine.dispose();
  }
}

async function oneWins() {
  const machine = await worker(rotations, join(root, "writers"), {});
  try {
    const stores = [r2Store(await machine.getR2Bucket("ROTATIONS"), "fleet"), await overS3(machine)];
    for (const sequence of [1, 2]) {
      const entry = (owner) => ({ sequence, owner: `${owner}`, leaseMs: 1, rotation: { old: "key-1", step: "begun" } });
      const won = await Promise.all(Array.from({ length: 8 }, (_, owner) => stores[owner % 2].append(entry(owner))));
      assert.equal(won.filter(Boolean).length, 1, `${won}`);
      for (const store of stores) assert.equal((await store.load("key-1")).owner, `${won.indexOf(true)}`);
    }
    for (const store of stores) {
      await store.finish("key-1", { isLate: true });
      assert.deepEqual([...(await store.list())], [["key-1", { isDone: true, isLate: true }]]);
      await store.forgetLate("key-1");
      assert.equal((await store.list()).get("key-1").isLate, false);
    }
    const wrong = await overS3(machine, { ...S3, secretAccessKey: "wrong" });
    await assert.rejects(wrong.append({ sequence: 3, owner: "x", leaseMs: 1, rotation: { old: "key-1", step: "begun" } }), /the store returned 403/);
  } finally {
    await machine.dispose();
  }
}

async function keepsLateOut() {
  const machine = await worker(rotations, join(root, "sink"), {});
  try {
    const bucket = await machine.getR2Bucket("SECRETS");
    const sink = r2Sink(bucket, "keys/");
    const key = (hash, replaces, fence) => ({ name: "a", hash, replaces, fence, oldLabel: "sk-or-v1-fir...0001" });
    const stored = async () => (await bucket.get("keys/a"))?.text();
    await sink.check(key("", "1", 1));
    // Somebody's own secret is replaced if it is the old key.
    await bucket.put("keys/a", "sk-or-v1-foreign");
    await assert.rejects(sink.check(key("", "1", 1)), NotStored);
    await bucket.put("keys/a", "sk-or-v1-first-0001");
    // A machine that took over asks, and the one before it wakes in the middle of its `put`.
    assert.equal(await sink.wasPut(key("2", "1", 5)), false);
    await assert.rejects(sink.put("late", key("2", "1", 4)), /another machine has continued/);
    await sink.check(key("", "1", 6));
    await sink.put("second", key("3", "1", 7));
    await sink.put("second", key("3", "1", 8));
    assert.deepEqual([await sink.wasPut(key("3", "1", 9)), await stored()], [true, "second"]);
    await assert.rejects(sink.put("late", key("2", "1", 8)), /another machine has continued/);
    // The next rotation counts from 1; another key of this name has another secret.
    await sink.put("third", key("4", "3", 2));
    assert.deepEqual([await sink.wasPut(key("3", "1", 9)), await stored()], [false, "third"]);
    await assert.rejects(sink.check(key("", "foreign", 1)), NotStored);
    await assert.rejects(sink.put("late", key("2", "1", 99)), NotStored);
    assert.equal(await stored(), "third");
  } finally {
    await machine.dispose();
  }
}

/** Long pauses, so that a pass of each machine ends in one, and the next machine continues. */
async function alternating(emulator) {
  const before = await seededAt(emulator);
  const folder = join(root, "secrets");
  mkdirSync(folder);
  const machine = await worker(rotations, join(root, "alternating"), {});
  try {
    const [key, other] = before;
    const store = await overS3(machine);
    // As the command line writes it.
    const sink = `file:${folder}/{name}`;
    const fileOf = ({ name }) => join(folder, name);
    const put = (secret, delivery) => writeFileSync(fileOf(delivery), secret, { mode: 0o600 });
    const wasPut = (delivery) => existsSync(fileOf(delivery)) && delivery.isSecret(readFileSync(fileOf(delivery), "utf8").trim());
    const client = new OpenRouterKeys({ apiKey: emulator.apiKey, baseUrl: emulator.baseUrl });
    const options = { client, store, openSink: (name) => assert.equal(name, sink) ?? { put, wasPut }, sink, longestPauseMs: 0 };
    const passInNode = async (more) => (await runFleet({ ...options, settings: { graceMs: 1000, quietMs: 1000, watchMs: 1000 }, ...more })).rows;
    const endpoint = new URL("/cdn-cgi/local/r2/s3", await machine.ready).href;
    const rust = (args) => onCommandLine(commandLine, emulator, { endpoint, ...S3 }, root, args);
    const passOfRust = () => rust(["fleet", "resume", "--json"]);
    const rustBegins = () => rust(["fleet", "run", "--older-than", "1d", "--name", other.name, "--secret-to", sink, ...["--grace", "--unused", "--watch"].flatMap((pause) => [pause, "1s"]), "--json"]);
    assert.deepEqual((await passInNode({ keys: [key.hash] })).map(({ outcome }) => outcome), ["waiting"]);
    await rustBegins();
    let rows;
    for (let passes = 0; passes < 500 && rows?.length !== 0; passes++) {
      if (passes % 2 === 1) await passOfRust();
      else rows = await passInNode();
    }
    await isRotatedIn(folder, emulator, [key, other]);
    for (const { hash } of [key, other]) {
      const owners = (await store.entries(hash)).map(({ owner }) => owner).filter((owner) => owner !== "");
      assert.ok(owners.some((owner) => owner.startsWith("rust")) && owners.some((owner) => !owner.startsWith("rust")), `${owners}`);
    }
  } finally {
    await machine.dispose();
  }
}
