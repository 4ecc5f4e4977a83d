// What each runtime reports of a failed create, as a table that is compared with the one
// in `docs/what-runtimes-report.md`: `node deliveries.mjs [--write]`.
//
// The variable NODES lists further Node programs, separated like a PATH.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

import { withProject } from "../unit/project.mjs";
import { startFailing } from "./failing.mjs";
import { browsersFor } from "./pages.mjs";
import { output } from "./processes.mjs";
import { Missing } from "./programs.mjs";
import { bun, deno } from "./servers.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const PAGE = fileURLToPath(new URL("../../../docs/what-runtimes-report.md", import.meta.url));

/** Each with its server, and how the create ends if the server does not end it. */
const SITUATIONS = {
  "nobody listens": { at: "closed" },
  "the host's name is unknown": { baseUrl: "https://nowhere.invalid/api/v1" },
  "a port that `fetch` blocks": { baseUrl: "http://127.0.0.1:6000/api/v1" },
  "the server does not speak TLS": { at: "plainHttp" },
  "the certificate is not trusted": { at: "untrusted" },
  "the server closes during the TLS handshake": { at: "closesHandshake" },
  "the server resets during the TLS handshake": { at: "resetsHandshake" },
  "a time limit during the TLS handshake": { at: "stallsHandshake", limit: true },
  "an abort during the TLS handshake": { at: "stallsHandshake", aborts: true },
  "a proxy refuses the tunnel": { at: "plainHttp", needs: "proxy" },
  "no permission for the network": { at: "closed", needs: "permission" },
  "HTTP/2: the server refuses the stream": { at: "refusesStream", lists: true, needs: "http2" },
  "HTTP/2: an orderly GOAWAY before the stream": { at: "endsBefore", lists: true, needs: "http2" },
  "HTTP/2: an orderly GOAWAY after the stream": { at: "endsAfter", lists: true, needs: "http2" },
  "HTTP/2: a GOAWAY with an error": { at: "failsSession", lists: true, needs: "http2" },
  "HTTP/2: the server resets the stream": { at: "failsStream", lists: true, needs: "http2" },
  "the server closes after the request": { at: "closes" },
  "a time limit after the request": { at: "stalls", limit: true },
  "an abort after the request": { at: "stalls", aborts: true },
};

/** The request arrived: whatever a runtime reports, a key may exist. */
const AFTER = ["endsAfter", "failsSession", "failsStream", "closes", "stalls"];

const root = mkdtempSync(join(tmpdir(), "openrouter-keys-deliveries-"));
process.on("exit", () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
const folder = install();
const isWriting = process.argv.includes("--write");
const { servers, cert, stop } = await startFailing();
const certificate = join(root, "certificate.pem");
writeFileSync(certificate, cert);

const problems = [];
const table = read();
for (const column of await columns()) {
  const seen = await column.run();
  console.log(`${column.name}: ${Object.keys(seen).length} situations`);
  for (const [situation, { at }] of Object.entries(SITUATIONS)) {
    const cell = cellOf(situation, at, seen[situation]);
    const row = (table[situation] ??= {});
    if (isWriting) row[column.name] = cell;
    else if (row[column.name] !== cell) problems.push(`${column.name}, ${situation}: ${cell}, but the page says ${row[column.name]}`);
  }
}
await stop();
if (isWriting) write();
for (const problem of problems) console.error(`error: ${problem}`);
process.exit(problems.length === 0 ? 0 : 1);

/** A project with the package and the programs. */
function install() {
  const project = join(root, "project");
  withProject([], (made) => cpSync(join(made, "node_modules/openrouter-keys"), join(project, "node_modules/openrouter-keys"), { recursive: true }));
  cpSync(join(HERE, "programs"), project, { recursive: true });
  writeFileSync(join(project, "package.json"), '{"private":true,"type":"module"}');
  return project;
}

function cellOf(situation, at, outcome) {
  if (outcome === undefined) return "–";
  const { effect, code, text } = outcome;
  if (process.env.VERBOSE) console.log(`  ${situation}: ${effect} ${code} ${text}`);
  if (effect === "nothing") {
    if (AFTER.includes(at)) problems.push(`${situation}: a key may exist, but it says ${text}`);
    return "not sent";
  }
  return effect === "may_have_created" ? "may exist" : effect;
}

async function columns() {
  const nodes = [process.execPath, ...(process.env.NODES ?? "").split(delimiter).filter(Boolean)];
  const found = await Promise.all([...nodes.map(node), ...[["Bun", bun], ["Deno", deno]].map(([name, find]) => present(name, find))]);
  return [...found.filter(Boolean), ...browsersFor(folder, "deliver-page.js").map(page)];
}

async function node(program) {
  const [major] = (await output(program, ["--version"])).match(/\d+/);
  const permission = ["--permission", "--allow-fs-read=*", "deliver.mjs"];
  const may = { proxy: major >= 22, permission: major >= 25 && permission, http2: major >= 26 };
  return { name: `Node ${major}`, run: () => runAll(program, ["deliver.mjs"], may) };
}

async function present(name, find) {
  try {
    const program = find();
    const [major] = (await output(program, ["--version"])).match(/\d+/);
    const args = name === "Bun" ? ["run"] : ["run", "--no-prompt", "--no-remote"];
    const may = { proxy: true, permission: name === "Deno" && [...args, "deliver.mjs"], http2: name === "Deno" };
    const all = [...args, ...(name === "Deno" ? ["--allow-net"] : []), "deliver.mjs"];
    return { name: `${name} ${major}`, run: () => runAll(program, all, may) };
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    console.log(`${name}: SKIPPED: ${error.message}`);
    return undefined;
  }
}

function page({ name, run }) {
  return { name, run: () => run({ situations: settings((needs) => needs === undefined), dangerouslyAllowBrowser: true }) };
}

/** For the situations whose `needs` are met. */
function settings(isMet) {
  const entries = Object.entries(SITUATIONS).filter(([, { needs }]) => isMet(needs));
  return Object.fromEntries(entries.map(([name, { at, ...how }]) => [name, { baseUrl: servers[at]?.url, ...how }]));
}

async function runAll(program, args, { proxy, permission, http2 }) {
  const seen = await runOne(program, args, settings((needs) => needs === undefined || (needs === "http2" && http2)));
  if (proxy) {
    const env = { NODE_USE_ENV_PROXY: "1", HTTPS_PROXY: servers.refusesTunnel.origin };
    Object.assign(seen, await runOne(program, args, settings((needs) => needs === "proxy"), env));
  }
  await goesPastProxy(program, args);
  if (permission) Object.assign(seen, await runOne(program, permission, settings((needs) => needs === "permission")));
  return seen;
}

/** The request must bypass the proxy or not be sent: the proxy must not see a byte. */
async function goesPastProxy(program, args) {
  const { records, closes } = servers;
  const creates = closes.creates();
  const env = { NODE_USE_ENV_PROXY: "1", HTTP_PROXY: records.origin, http_proxy: records.origin };
  // Deno gives the package access to no other variables.
  const shown = args.map((arg) => (arg === "--allow-net" ? "--allow-net --allow-env" : arg)).flatMap((arg) => arg.split(" "));
  const situations = { "past a proxy": { baseUrl: closes.url } };
  const { code } = (await runOne(program, shown, situations, env))["past a proxy"];
  const isPast = closes.creates() > creates && code !== "setup";
  if (records.bytes() > 0 || !(isPast || code === "setup")) problems.push(`${program}: the proxy saw ${records.bytes()} bytes, ${code}`);
}

async function runOne(program, args, situations, more) {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, NO_COLOR: "1", NODE_EXTRA_CA_CERTS: certificate, DENO_CERT: certificate, DENO_DIR: join(root, "deno"), ...more };
  return JSON.parse(await output(program, [...args, JSON.stringify({ situations })], { cwd: folder, env }));
}

/** The page's cells by situation and runtime. */
function read() {
  const lines = readFileSync(PAGE, "utf8").split("\n").filter((line) => line.startsWith("| "));
  const [[, ...names], ...rows] = lines.map((line) => line.slice(2, -2).split(" | ").map((cell) => cell.trim()));
  const cells = (row) => Object.fromEntries(names.map((name, at) => [name, row[at]]));
  return Object.fromEntries(rows.filter(([first]) => first !== "---").map(([first, ...row]) => [first, cells(row)]));
}

function write() {
  const names = [...new Set(Object.values(table).flatMap(Object.keys))].filter((name) => name !== "").sort();
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const rows = Object.keys(SITUATIONS).map((situation) => line([situation, ...names.map((name) => table[situation][name] ?? "–")]));
  const lines = [line(["what happens to a create", ...names]), line(["---", ...names.map(() => "---")]), ...rows];
  const text = readFileSync(PAGE, "utf8");
  const [before, , after] = text.split(/(?:^\| .*\n)+/m.test(text) ? /((?:^\| .*\n)+)/m : /$/);
  writeFileSync(PAGE, `${before}${lines.join("\n")}\n${after ?? ""}`);
}
