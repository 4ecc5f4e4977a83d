// The programs in `examples/`: each creates a key, changes it and deletes it.

import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { firstMatch, output, start, stop } from "../runtimes/processes.mjs";
import { bun, deno, node, workerd } from "./machines.mjs";
import { chromium } from "./pages.mjs";
import { keysAt, showsNoSecret, watched } from "./traffic.mjs";

const PRINTED = /^created (sk-or-v1-\S+)\nlisted \1\nthe limit is 10 USD\ndeleted\n$/;
const WORKED = /^the key manages keys: true\nensured: created\n.*\nrotated: done, last step: done\nfound the new key by its secret: true\n.*\ndeleted\n$/s;
const SHOWN = /^created (sk-or-v1-\S+), a secret of \d\d characters\nlisted \1\ndisabled: true\ndeleted\n$/;

export function exampleChecks(folder) {
  const check = (file, program, printed = PRINTED, changes = ["POST", "PATCH", "DELETE"]) => ({
    name: `examples/${file}`,
    run: (emulator) => leavesNothing(emulator, program, printed, changes),
  });
  const workflows = [
    ...["POST", "PATCH"], // ensured twice
    ...["POST", "DELETE"], // reconciled and swept
    ...["POST", "DELETE"], // the temporary key, created and closed
    ...["POST", "PATCH", "DELETE", "PATCH"], // rotated: created, disabled, deleted, renamed
    "DELETE",
  ];
  return [
    check("node.mjs", (emulator) => node(folder, "node.mjs", environment(emulator))),
    check("workflows.mjs", (emulator) => node(folder, "workflows.mjs", environment(emulator)), WORKED, workflows),
    check("node.cjs", (emulator) => node(folder, "node.cjs", environment(emulator))),
    check("deno.ts", (emulator) => deno(folder, "deno.ts", environment(emulator))),
    check("bun.ts", (emulator) => bun(folder, "bun.ts", environment(emulator))),
    check("workers/worker.js", (emulator) => workerd(folder, "workers/worker.js", emulator)),
    check("next-edge/route.js", (emulator) => route(folder, emulator)),
    check("browser/main.js", (emulator) => withServer(folder, emulator, inPage), SHOWN),
    {
      name: "examples/browser/server.mjs, used by two users and an anonymous visitor",
      run: (emulator) => withServer(folder, emulator, twoUsers),
    },
    {
      name: "examples/testing.test.mjs",
      run: () => output(process.execPath, ["--test", "testing.test.mjs"], { cwd: folder }),
    },
  ];
}

const environment = ({ apiKey, baseUrl }) => ({ OPENROUTER_MANAGEMENT_KEY: apiKey, OPENROUTER_BASE_URL: baseUrl });

async function leavesNothing(emulator, program, pattern, expected) {
  const before = await keysAt(emulator);
  const { value: printed, requests } = await watched(emulator, () => program(emulator));
  assert.match(printed, pattern);
  showsNoSecret(printed);
  const changes = requests.filter(({ committed }) => committed).map(({ method }) => method);
  assert.deepEqual(changes, expected);
  assert.deepEqual(await keysAt(emulator), before);
}

async function route(folder, emulator) {
  Object.assign(process.env, environment(emulator));
  const { POST, runtime } = await import(pathToFileURL(join(folder, "next-edge/route.js")));
  assert.equal(runtime, "edge");
  return (await POST()).text();
}

async function withServer(folder, emulator, use) {
  const child = start(process.execPath, ["browser/server.mjs"], {
    cwd: folder,
    env: { ...environment(emulator), PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [url] = await firstMatch(child, child.stdout, /^http:.*$/m);
    return await use(url);
  } finally {
    await stop(child);
  }
}

const inPage = (url) =>
  chromium(url, async (page) => {
    await page.click("button");
    const output = await page.waitForFunction(() => {
      const text = document.querySelector("pre").textContent;
      return text.endsWith("deleted\n") && text;
    });
    return output.jsonValue();
  });

async function twoUsers(url) {
  const [one, other] = [await visitor(url), await visitor(url)];
  const nobody = (method, path) => ask(url, "session=made-up", method, path);
  for (const path of ["", `/${"0".repeat(64)}`]) {
    assert.equal((await nobody("POST", `/api/keys${path}`)).status, 401);
    assert.equal((await nobody("GET", `/api/keys${path}`)).status, 401);
  }

  const made = await one("POST", "/api/keys");
  assert.equal(made.status, 201);
  assert.match(made.json.secret, /^sk-or-v1-/);
  const { hash } = made.json;
  assert.deepEqual(hashes(await one("GET", "/api/keys")), [hash]);
  assert.deepEqual(hashes(await other("GET", "/api/keys")), []);

  assert.equal((await other("POST", `/api/keys/${hash}/disable`)).status, 404);
  assert.equal((await other("DELETE", `/api/keys/${hash}`)).status, 404);
  assert.deepEqual((await one("POST", `/api/keys/${hash}/disable`)).json.disabled, true);
  assert.equal((await one("DELETE", `/api/keys/${hash}`)).status, 200);
  assert.equal((await one("DELETE", `/api/keys/${hash}`)).status, 404);
  assert.equal((await one("PUT", "/api/keys")).status, 404);
}

const hashes = ({ json }) => json.map(({ hash }) => hash);

/** A user who opened the page, with their own session. */
async function visitor(url) {
  const cookie = (await fetch(url)).headers.get("set-cookie").split(";")[0];
  return (method, path) => ask(url, cookie, method, path);
}

async function ask(url, cookie, method, path) {
  const response = await fetch(new URL(path, url), { method, headers: { cookie } });
  return { status: response.status, json: await response.json() };
}
