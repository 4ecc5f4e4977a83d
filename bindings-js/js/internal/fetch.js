// Calls `fetch` for an exchange, and takes the response apart.

import { DIRECT } from "./direct.js";
import { headersOf } from "./headers.js";
import { put, read } from "./own.js";
import { pastProxies } from "./proxy.js";
import { sourceOf } from "./source.js";
import { steers } from "./steering.js";

/** Responses of these statuses have no body. */
const WITHOUT_BODY = [204, 205, 304];

/** The source in Node and Deno, and of native code, where proxies have no name. */
const NATIVE = /^(async )?function fetch\((input, init = (undefined|\{ __proto__: null \})\)|\.\.\.\w\)\{return lazyFetch|\) \{\s*\[native code\])/;

/** The runtime's, unless it was replaced earlier. */
const OWN = NATIVE.test(globalThis.fetch) && globalThis.fetch.name === "fetch" ? globalThis.fetch : undefined;

/** Keeps a browser from adding to a request. */
const GUARDS = { __proto__: null, credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer" };

/** `transport-wasm/src/failure.rs` trusts these codes most. */
const CODES = { __proto__: null, unsent: "ERR_NOT_SENT", refused: "ERR_REFUSED", sent: "ERR_MAY_BE_SENT" };

/** The function that an exchange calls instead of `fetch`. */
export function sender(fetch) {
  return async (url, init, delivery) => {
    // The attempt's time limit starts before the function.
    await undefined;
    const used = fetch ?? globalThis.fetch;
    if (typeof used !== "function") throw noFetch();
    const isOwn = used === OWN;
    const isDirect = isOwn || (fetch !== undefined && read(fetch, DIRECT) === true);
    // Throws before anything is sent.
    const whole = isOwn || fetch === undefined ? guarded(url, init) : init;
    let response;
    try {
      // Looked up at each call: tests and tracers replace it.
      const call = () => (fetch === undefined ? globalThis.fetch(url, whole) : fetch(url, whole));
      response = await (delivery && isDirect ? delivery.follow(call, used) : call());
    } catch (thrown) {
      if (steers(thrown)) return { steering: thrown };
      // A wrapper may have failed in another request, to a log or for a token.
      if (!isDirect) throw unknownDelivery("the fetch function failed", thrown);
      const code = CODES[delivery?.judge(thrown) ?? (isResent(whole) ? "sent" : "unknown")];
      throw code ? put(new Error(code, { cause: thrown }), "code", code) : thrown;
    }
    try {
      return parts(response);
    } catch (thrown) {
      // There is a response, so the request was sent.
      throw unknownDelivery("the response cannot be read", thrown);
    }
  };
}

const noFetch = () => put(new Error("this platform has no fetch: pass a function as the option fetch"), "code", "ERR_NO_FETCH");

/** Keeps the codes of the causes from being trusted. */
function unknownDelivery(message, cause) {
  return put(new Error(message, { cause }), "code", "ERR_UNKNOWN_REACH");
}

let takesGuards;

function guarded(url, init) {
  takesGuards ??= isTaken(GUARDS);
  const whole = Object.assign(init, takesGuards && GUARDS, pastProxies(url));
  if (whole.method === "POST" && Object.hasOwn(globalThis, "Deno")) whole.body = sentOnce(whole.body);
  return whole;
}

/** Deno resends requests without a stream: its last failure says nothing about the first. */
function isResent({ method }) {
  return Object.hasOwn(globalThis, "Deno") && method !== "POST";
}

/** workerd refuses options that it does not know. */
export function isTaken(init) {
  // Late: it makes Node load its `fetch`, which doubles the import's time.
  const { Request } = globalThis;
  if (Request === undefined) return true;
  try {
    return new Request("https://openrouter.ai/", init) !== undefined;
  } catch {
    return false;
  }
}

/** As a stream, which cannot be sent twice: see `transport-wasm/src/request.rs`. */
function sentOnce(body) {
  return new Response(body, { __proto__: null }).body.pipeThrough(new TransformStream());
}

function parts(response) {
  const status = typeof response === "object" && response !== null ? read(response, "status") : undefined;
  if (typeof status !== "number") {
    throw new TypeError("the fetch function returned something other than a Response");
  }
  const body = WITHOUT_BODY.includes(status) ? null : sourceOf(response);
  return { type: read(response, "type"), status, headers: headersOf(response), body };
}
