// Keeps proxies from seeing a key that goes to this machine in plain text.

const LOCAL = /^http:\/\/((?:[^/:@]+\.)?localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?\//i;

/** Node's, and those that any version of npm's undici sets. */
const DISPATCHERS = ["undici.globalDispatcher.2", "undici.globalDispatcher.1"].map((name) => Symbol.for(name));

const VARIABLES = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];
const EXCEPTIONS = ["no_proxy", "NO_PROXY"];

/** The options with which `fetch` bypasses a proxy; throws if it cannot. */
export function pastProxies(url) {
  const [, host] = url.match(LOCAL) ?? [];
  if (host === undefined) return undefined;
  if (Object.hasOwn(globalThis, "Bun") || Object.hasOwn(globalThis, "Deno")) return checkVariables(host.replace(/[[\]]/g, "").toLowerCase());
  for (const name of DISPATCHERS) {
    const dispatcher = globalThis[name];
    if (!dispatcher) continue;
    const own = Object.getOwnPropertySymbols(dispatcher);
    // In undici's EnvHttpProxyAgent.
    const direct = own.find(({ description }) => description === "no proxy agent");
    if (direct) return { __proto__: null, dispatcher: dispatcher[direct] };
    if (own.some(({ description }) => /proxy/i.test(description))) throw seen("the global dispatcher is a proxy", "use another dispatcher");
  }
  return undefined;
}

/** Bun and Deno read these differently: only an exception to both counts. */
function checkVariables(host) {
  const proxy = VARIABLES.find((name) => variable(name));
  if (proxy === undefined) return;
  const exceptions = EXCEPTIONS.map(variable).filter((list) => list !== undefined);
  const isExcepted = (list) => list.split(",").some((entry) => entry.trim().toLowerCase() === host);
  if (exceptions.length > 0 && exceptions.every(isExcepted)) return;
  throw seen(`${proxy} is set`, `add ${host} to NO_PROXY`);
}

function variable(name) {
  try {
    const { Deno, process } = globalThis;
    if (!Deno) return process.env[name];
    // Reading might prompt the user.
    const { state } = Deno.permissions.querySync({ name: "env", variable: name });
    return state === "granted" ? Deno.env.get(name) : undefined;
  } catch {
    return undefined;
  }
}

function seen(why, remedy) {
  const message = `a proxy would see the API key in plain text, because ${why}; ${remedy}`;
  return Object.assign(new Error(message), { code: "ERR_PROXY_SEES_KEY" });
}
