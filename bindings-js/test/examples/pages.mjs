// Pages in Chromium: any page, and the README's blocks for one.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

import { build } from "esbuild";
import puppeteer from "puppeteer-core";

import { onPath } from "../runtimes/programs.mjs";

/** Opens a page and uses it. */
export async function chromium(url, use) {
  const executablePath = onPath("chromium", "chromium-browser", "google-chrome");
  const browser = await puppeteer.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage();
    const problems = [];
    page.on("pageerror", (error) => problems.push(error));
    await page.goto(url);
    // The error of a failed script says more than the timeout.
    return await use(page).catch((error) => {
      throw problems[0] ?? error;
    });
  } finally {
    await browser.close();
  }
}

/** What a block prints in a page whose server lists the emulator's keys. */
export async function besideItsServer({ code }, { apiKey, baseUrl }) {
  const names = async () => {
    const page = await (await fetch(`${baseUrl}/keys`, { headers: { authorization: `Bearer ${apiKey}` } })).json();
    return JSON.stringify(page.data.map(({ name }) => name));
  };
  return printedInPage({ script: code, names });
}

/** A block in a page with the package and the key itself, under a strict policy. */
export async function onItsOwn(block, { apiKey, baseUrl }) {
  const script = `
    const realFetch = fetch;
    globalThis.fetch = (url, init) => realFetch(url.replace("https://openrouter.ai/api/v1", "${baseUrl}"), init);
    ${await bundled(block)}`;
  const [count] = await printedInPage({ script, html: `<input value="${apiKey}">` });
  assert.ok(Number(count) > 0, `the page printed ${count}`);
}

async function bundled({ folder, file }) {
  const outfile = join(folder, `${file}.page.js`);
  await build({ absWorkingDir: folder, entryPoints: [file], outfile, bundle: true, format: "esm", logLevel: "error" });
  return readFileSync(outfile, "utf8");
}

/** The lines that the script printed by its end. */
async function printedInPage({ script, html = "", names }) {
  const whole = `
    const printedLines = [];
    const console = { log: (line) => printedLines.push(String(line)) };
    ${script}
    globalThis.printed = printedLines;`;
  const contents = {
    "/": ["text/html", () => `<!doctype html><link rel="icon" href="data:,">${html}<script type="module" src="/s.js"></script>`],
    "/s.js": ["text/javascript", () => whole],
    "/api/keys": ["application/json", names],
  };
  const server = createServer(async (request, response) => {
    const [type, body] = contents[request.url];
    const headers = { "content-type": type, "content-security-policy": "script-src 'self' 'wasm-unsafe-eval'" };
    response.writeHead(200, headers).end(await body());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    return await chromium(`http://127.0.0.1:${server.address().port}/`, async (page) => {
      const printed = await page.waitForFunction("globalThis.printed");
      return printed.jsonValue();
    });
  } finally {
    server.close();
  }
}
