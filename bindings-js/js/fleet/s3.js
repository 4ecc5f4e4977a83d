// A store in a bucket of S3, or of what speaks its protocol. The given `fetch` signs the requests.

import { objectStore } from "./logs.js";

const ENTITIES = { __proto__: null, "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'" };

export function s3Store({ bucket, prefix, fetch }) {
  const root = rootOf(bucket);

  /** The body, or `undefined` if the status is one of these. */
  async function body(name, init, ...absent) {
    const response = await fetch(`${root}${name}`, init);
    const text = await response.text();
    if (response.ok) return text;
    if (absent.includes(response.status)) return undefined;
    const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1];
    throw new Error(`the store returned ${response.status}${code ? ` ${code}` : ""} to ${init?.method ?? "GET"} ${name.split("?")[0]}`);
  }

  const put = (name, text, headers) => ({ method: "PUT", body: text, headers: { "content-type": "application/json", ...headers } });
  return objectStore(
    {
      get: (name) => body(`/${name}`, undefined, 404),
      // 409: another write of this name is in progress.
      create: async (name, text) => (await body(`/${name}`, put(name, text, { "if-none-match": "*" }), 409, 412)) !== undefined,
      put: (name, text) => body(`/${name}`, put(name, text)),
      delete: (name) => body(`/${name}`, { method: "DELETE" }, 404),
      async list(prefix) {
        const names = [];
        for (let token = "", isLast = false; !isLast; ) {
          const query = new URLSearchParams({ "list-type": "2", "encoding-type": "url", prefix, ...(token && { "continuation-token": token }) });
          const page = await body(`/?${query}`);
          names.push(...Array.from(page.matchAll(/<Key>([^<]*)<\/Key>/g), ([, name]) => decodeURIComponent(name.replace(/\+/g, " "))));
          token = /<NextContinuationToken>([^<]*)</.exec(page)?.[1].replace(/&\w+;/g, (entity) => ENTITIES[entity] ?? entity);
          isLast = !token;
        }
        return names;
      },
    },
    prefix,
  );
}

/** The message does not repeat the URL: it may contain credentials. */
function rootOf(bucket) {
  const text = String(bucket);
  const { username, password, search, hash } = URL.canParse(text) ? new URL(text) : { username: "not a URL" };
  if (username || password || search || hash) {
    throw new TypeError("the bucket must be a URL without a user, a password, ? and #; nothing was sent; the fetch adds the credentials");
  }
  return text.replace(/\/+$/, "");
}
