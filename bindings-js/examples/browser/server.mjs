// The page's own server: it has the management key, authenticates users, and gives each
// user access only to their own keys.
//
// OPENROUTER_MANAGEMENT_KEY=sk-or-v1-… node server.mjs

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

import { isOpenRouterKeysError, OpenRouterKeys } from "openrouter-keys";

const keys = new OpenRouterKeys({
  apiKey: process.env.OPENROUTER_MANAGEMENT_KEY,
  baseUrl: process.env.OPENROUTER_BASE_URL, // OpenRouter itself, unless set
});

const FILES = { "/": ["index.html", "text/html"], "/main.js": ["main.js", "text/javascript"] };

/** Users by session cookie. A real server fills this at login. */
const sessions = new Map();

function login(response) {
  const id = crypto.randomUUID();
  sessions.set(id, `user ${sessions.size + 1}`);
  response.setHeader("set-cookie", `session=${id}; HttpOnly; SameSite=Strict; Path=/`);
}

function userOf(request) {
  const id = /(?:^|; )session=([^;]*)/.exec(request.headers.cookie ?? "")?.[1];
  return sessions.get(id);
}

/** Whether the key is this user's, by its name. */
const isOf = (user, key) => key.name?.startsWith(`${user}: `);

/** What the page may know about a key. */
const shown = ({ hash, label, disabled }) => ({ hash, label, disabled });

async function create(user) {
  // The server decides the limit, not the page.
  const created = await keys.create({ name: `${user}: ${crypto.randomUUID()}`, limit: 5 });
  return { secret: created.key, ...shown(created.data) };
}

async function list(user) {
  const all = await keys.listAll({ includeDisabled: true }).toArray();
  return all.filter((key) => isOf(user, key)).map(shown);
}

async function respond(request) {
  const user = userOf(request);
  if (!user) return [401, { error: "log in first" }];
  const [, hash, action = ""] = /^\/api\/keys\/([0-9a-f]{64})(\/disable)?$/.exec(request.url) ?? [];
  if (hash && !isOf(user, await keys.get(hash))) return [404, { error: "you have no such key" }];
  switch (`${request.method} ${hash ? `/api/keys/HASH${action}` : request.url}`) {
    case "POST /api/keys":
      return [201, await create(user)];
    case "GET /api/keys":
      return [200, await list(user)];
    case "POST /api/keys/HASH/disable":
      return [200, shown(await keys.update(hash, { disabled: true }))];
    case "DELETE /api/keys/HASH":
      await keys.delete(hash);
      return [200, { deleted: true }];
    default:
      return [404, { error: "not found" }];
  }
}

function failure(error) {
  if (error.status === 404) return [404, { error: "you have no such key" }];
  // Only for the server's log. If `mayHaveCreated` is set, look for the key.
  console.error(isOpenRouterKeysError(error) ? error.message : error);
  return [502, { error: "something went wrong, please try again later" }];
}

const server = createServer(async (request, response) => {
  const file = FILES[request.url];
  if (request.method === "GET" && file) {
    if (!userOf(request)) login(response);
    response.setHeader("content-type", file[1]);
    return response.end(await readFile(new URL(file[0], import.meta.url)));
  }
  const [status, json] = await respond(request).catch(failure);
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(json));
});

server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}/`);
});
