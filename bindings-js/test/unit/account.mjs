// A server with the keys of one account, as replies of the fake fetch.

import { apiError, created, current, deleted, key, listed, reply } from "../../npm/testing.js";
import { API_KEY } from "./harness.mjs";

/** Old keys with these names, all created long ago. `react` may reply first. */
export function account(names, react = () => undefined) {
  const keys = new Map();
  const secrets = new Map();
  const requests = [];
  const add = (secret, fields) => {
    const label = `${secret.slice(0, 12)}...${secret.slice(-4)}`;
    const made = key({ limit_reset: null, ...fields, label });
    keys.set(made.hash, made);
    secrets.set(secret, made.hash);
    return made;
  };
  for (const name of names) add(`sk-or-v1-old-of-${name}`, { name });

  function respond(request) {
    const { method, path, json, headers } = request;
    const hash = path.split(/[/?]/)[4];
    const isOwn = path.endsWith("/key");
    requests.push(`${method} ${isOwn ? "own key" : (hash ?? "keys")}`);
    const first = react(request, requests.length);
    if (first) return first;
    const authorized = headers.authorization.replace("Bearer ", "");
    if (isOwn && authorized === API_KEY) return current({ organization_id: "org_1" });
    if (isOwn) {
      const own = keys.get(secrets.get(authorized));
      return own ? current({ label: own.label, limit: own.limit, limit_reset: null, is_management_key: false }) : apiError(401);
    }
    if (authorized !== API_KEY) return apiError(401);
    if (method === "POST") {
      const secret = `sk-or-v1-new-${String(requests.length).padStart(60, "0")}`;
      const { hash: made, label } = add(secret, json);
      return created(secret, { ...json, limit_reset: null, hash: made, label });
    }
    if (hash === undefined || path.includes("/keys?")) {
      const offset = Number(/offset=(\d+)/.exec(path)?.[1] ?? 0);
      return listed([...keys.values()].slice(offset, offset + 100));
    }
    const found = keys.get(hash);
    if (!found) return apiError(404);
    if (method === "DELETE") {
      keys.delete(hash);
      return deleted();
    }
    if (method === "PATCH") Object.assign(found, json);
    return reply(200, { data: found });
  }

  const holder = (secret) => keys.get(secrets.get(secret));
  return { respond, requests, keys, holder, add };
}
