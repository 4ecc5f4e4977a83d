// One call of the memory lab, `tests/lab/examples/memory_cap`, in a separate process:
// `node --expose-gc memory-cap.mjs package|sdk|fetch PAGES URL`. It prints by how many KiB the
// call after this many pages raised the peak of resident memory, and how it ended.

import { readFileSync, writeFileSync } from "node:fs";

const API_KEY = "sk-or-v1-the-management-key-of-the-benchmark";

const clients = {
  async package(baseUrl) {
    const { OpenRouterKeys } = await import("../npm/index.js");
    return new OpenRouterKeys({ apiKey: API_KEY, baseUrl });
  },
  fetch: async (url) => new Fetch(url),
  async sdk(serverURL) {
    const { OpenRouter } = await import("@openrouter/sdk");
    return new OpenRouter({ apiKey: API_KEY, serverURL, retryConfig: { strategy: "none" } }).apiKeys;
  },
};

/** Node's own share: a `fetch` whose body is discarded, and abandoned at the package's limit. */
class Fetch {
  constructor(url) {
    this.url = url;
  }
  async list() {
    const controller = new AbortController();
    const { body } = await fetch(this.url, { signal: controller.signal });
    const reader = body.getReader();
    let left = 4 << 20;
    while (left >= 0) {
      const { done, value } = await reader.read();
      if (done) return;
      left -= value.length;
    }
    controller.abort();
  }
}

const peak = () => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "latin1"))[1]);

const [name, pages, url] = process.argv.slice(2);
const client = await clients[name](url);
for (let page = 0; page < Number(pages); page += 1) await client.list();
globalThis.gc();
writeFileSync("/proc/self/clear_refs", "5"); // resets the peak to what is resident
const before = peak();
const end = await client.list().then(() => "read", (error) => error.name);
console.log(Math.max(0, peak() - before), end); // the kernel counts in batches
process.exit();
