// Pages in browsers, and their server.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

import puppeteer from "puppeteer-core";

import { PATIENCE_MS } from "./processes.mjs";
import { Missing, onPath } from "./programs.mjs";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };
const POLICY = "script-src 'self' 'wasm-unsafe-eval'";

const LAUNCH = { headless: true, protocolTimeout: PATIENCE_MS, handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };
const chromium = () => ({
  ...LAUNCH,
  executablePath: onPath("chromium", "chromium-browser", "google-chrome"),
  args: ["--no-sandbox"],
});
const firefox = () => ({
  ...LAUNCH,
  browser: "firefox",
  protocol: "webDriverBiDi",
  executablePath: onPath("firefox", "firefox-esr"),
});

export const PAGES = [
  page("chromium", chromium, "page.js"),
  page("chromium-worker", chromium, "worker-owner.js"),
  page("chromium-policy", chromium, "page.js", { "content-security-policy": POLICY }),
  page("firefox", firefox, "page.js"),
];

function page(name, options, script, headers = {}) {
  return {
    name,
    resends: true,
    run: ({ folder, settings }) => runPage(options(), { folder, html: html(script), headers }, settings),
  };
}

/** The available browsers, each with a function that runs this script of the folder. */
export function browsersFor(folder, script) {
  return Object.entries({ Chromium: chromium, Firefox: firefox }).flatMap(([name, options]) => {
    try {
      const found = options();
      const site = { folder, html: html(script), headers: {} };
      return [{ name, run: async (settings) => (await runPage(found, site, settings)).checks[0] }];
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      console.log(`${name}: SKIPPED: ${error.message}`);
      return [];
    }
  });
}

/** Runs a bundle that contains this script in Chromium. */
export function runBundle(folder, script, settings) {
  return runPage(chromium(), { folder, html: html(script), headers: {} }, settings);
}

const html = (script) => `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>The scenario</title>
    <link rel="icon" href="data:,">
    <script type="module" src="./${script}"></script>
  </head>
</html>
`;

async function runPage(options, site, settings) {
  const server = await serve(site);
  try {
    const profile = join(site.folder, "profile");
    return await inBrowser({ ...options, userDataDir: profile }, (browser) => runIn(browser, `http://127.0.0.1:${server.address().port}/`, settings));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function inBrowser(options, use) {
  const browser = await puppeteer.launch(options);
  try {
    const [version] = (await browser.version()).match(/\d\S*/);
    return { version, checks: await use(browser) };
  } finally {
    await browser.close();
  }
}

async function runIn(browser, url, settings) {
  const tab = await browser.newPage();
  const complaints = [];
  tab.on("pageerror", (error) => complaints.push(String(error)));
  tab.on("requestfailed", (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
  const sent = await inspector(browser, tab);
  await tab.goto(url);
  const isReady = await tab.evaluate(() => typeof globalThis.run === "function");
  if (!isReady) throw new Error(`the page has no scenario\n${complaints.join("\n")}`);
  const checks = await tab.evaluate((given) => globalThis.run(given), { ...settings, isBrowser: true });
  return sent === undefined ? checks : [...checks, hidesSecrets(sent, settings)];
}

/** What Chromium sends an attached inspector; `undefined` for other browsers. */
async function inspector(browser, tab) {
  if (!(await browser.version()).includes("Chrome")) return undefined;
  const session = await tab.createCDPSession();
  const sent = [];
  session.on("Runtime.consoleAPICalled", (message) => sent.push(message));
  await session.send("Runtime.enable");
  return sent;
}

function hidesSecrets(sent, { apiKey }) {
  const text = JSON.stringify(sent);
  const found = text.match(/sk-or-v1-[0-9a-f]{32,}/)?.[0] ?? (text.includes(apiKey) ? apiKey : undefined);
  return { name: "the console sends an attached inspector no secret", ok: found === undefined, detail: `${found} among ${sent.length} messages` };
}

async function serve({ folder, html, headers }) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://127.0.0.1");
    try {
      const body = pathname === "/" ? html : await readFile(join(folder, normalize(pathname)));
      response.writeHead(200, { "content-type": TYPES[extname(pathname) || ".html"], ...headers });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}
