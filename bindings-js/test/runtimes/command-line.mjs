// The command line, as another machine that shares a store over S3's protocol.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { OpenRouterKeys } from "../../npm/index.js";
import { keysAt } from "../examples/traffic.mjs";

/** The files in the folder have the secrets of new keys, under the old ones' names. */
export async function isRotatedIn(folder, emulator, before) {
  const after = await keysAt(emulator);
  for (const { name, hash } of before) {
    const client = new OpenRouterKeys({ apiKey: readFileSync(join(folder, name), "utf8").trim(), baseUrl: emulator.baseUrl });
    const { label } = await client.getCurrentKeyMetadata();
    const [now, ...others] = after.filter((key) => key.name === name);
    assert.deepEqual([now.label, others, now.hash === hash], [label, [], false]);
  }
}

/** Its pauses are too long for one pass; the exit code 8 says that rotations are open. */
export async function onCommandLine(program, { apiKey, baseUrl }, { endpoint, accessKeyId, secretAccessKey }, home, args) {
  const env = {
    ...process.env,
    HOME: home,
    OPENROUTER_MANAGEMENT_KEY: apiKey,
    OPENROUTER_BASE_URL: baseUrl,
    OPENROUTER_KEYS_STORE: "s3://rotations/fleet",
    AWS_ENDPOINT: endpoint,
    AWS_ALLOW_HTTP: "true",
    AWS_REGION: "auto",
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
  const child = spawn(program, [...args, "--owner", "rust", "--patience", "0s"], { env, stdio: ["ignore", "pipe", "pipe"] });
  const [printed, complaint, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  assert.ok(code === 0 || code === 8, `${args.join(" ")} ended with ${code}: ${printed}${complaint}`);
}
