// Records what a program did at the emulator.

import assert from "node:assert/strict";

/** Runs a program; returns its result and the requests that it sent. */
export async function watched(emulator, program) {
  const before = (await emulator.requests()).length;
  const value = await program();
  return { value, requests: (await emulator.requests()).slice(before) };
}

export async function keysAt(emulator) {
  const response = await fetch(new URL("/_emulator/keys", emulator.baseUrl));
  return response.json();
}

/** A new key for a program to use. Its request is marked as not the program's. */
export async function freshHash({ baseUrl, apiKey }) {
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json", "x-from-the-tests": "yes" };
  const body = JSON.stringify({ name: "The README's own", limit: 25, limit_reset: "monthly" });
  const response = await fetch(`${baseUrl}/keys`, { method: "POST", headers, body });
  return (await response.json()).data.hash;
}

/** No secret was printed. */
export function showsNoSecret(printed) {
  assert.doesNotMatch(printed, /sk-or-v1-[0-9a-f]{8}/);
}
