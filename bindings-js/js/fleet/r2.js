// A store in a bucket of Cloudflare R2, by its binding.

import { objectStore } from "./logs.js";

export function r2Store(bucket, prefix) {
  return objectStore(
    {
      get: async (name) => (await bucket.get(name))?.text(),
      // `null` if there is an object with this name.
      create: async (name, text) => (await bucket.put(name, text, { onlyIf: { etagDoesNotMatch: "*" } })) !== null,
      put: (name, text) => bucket.put(name, text),
      delete: (name) => bucket.delete(name),
      async list(prefix) {
        const names = [];
        for (let cursor, isLast = false; !isLast; ) {
          const page = await bucket.list({ prefix, cursor });
          names.push(...page.objects.map(({ key }) => key));
          isLast = !page.truncated;
          cursor = page.cursor;
        }
        return names;
      },
    },
    prefix,
  );
}
