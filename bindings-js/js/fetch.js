// Between an exchange, which has what `fetch` takes and wants the parts of a
// `Response`, and whatever carries the requests.

import { DIRECT } from "./direct.js";
import { headersOf } from "./headers.js";
import { put, read } from "./own.js";
import { pastProxies } from "./proxy.js";
import { sourceOf } from "./source.js";
import { steers } from "./steering.js";

/** Responses of these statuses have no body. */
const WITHOUT_BODY = [204, 205, 304];

/** The runtime's own. */
const { fetch: OWN } = globalThis;

/** What keeps a browser from adding to a request. */
const GUARDS = { __proto__: null, credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer" };

/** What `transport-wasm/src/failure.rs` believes more than any other code. */
const REACHES = { __proto__: null, unsent: "ERR_NOT_SENT", refused: "ERR_REFUSED", sent: "ERR_MAY_BE_SENT" };

/** The function that an exchange calls instead of `fetch`. */
export function carrier(fetch) {
  return async (url, init, delivery) => {
    // The time limit of the attempt begins before the function does.
    await undefined;
    const isDirect = fetch === undefined ? globalThis.fetch === OWN : read(fetch, DIRECT) === true;
    if (fetch === undefined && typeof globalThis.fetch !== "function") throw noFetch();
    // Throws before anything is sent.
    const whole = fetch === undefined ? guarded(url, init) : init;
    let answer;
    try {
      // Looked up at each call: tests and tracers put their own in its place.
      const call = () => (fetch === undefined ? globalThis.fetch(url, whole) : fetch(url, whole));
      answer = await (delivery && isDirect ? delivery.follow(call, fetch) : call());
    } catch (thrown) {
      if (steers(thrown)) return { steering: thrown };
      // A wrapper makes requests of its own, perhaps after this one: to a log, for a token.
      if (!isDirect) throw unknownReach("the fetch function failed", thrown);
      const code = REACHES[delivery?.reach(thrown) ?? (isResent(whole) ? "sent" : "unknown")];
      throw code ? put(new Error(code, { cause: thrown }), "code", code) : thrown;
    }
    try {
      return parts(answer);
    } catch (thrown) {
      // There is an answer, so that the request was sent, whatever the code says.
      throw unknownReach("the answer cannot be read", thrown);
    }
  };
}

/** The code says that nothing was sent. */
const noFetch = () => put(new Error("this platform has no fetch: give a function as the option fetch"), "code", "ERR_NO_FETCH");

/** The code keeps `transport-wasm/src/failure.rs` from believing those of the causes. */
function unknownReach(message, cause) {
  return put(new Error(message, { cause }), "code", "ERR_UNKNOWN_REACH");
}

let takesGuards;

function guarded(url, init) {
  takesGuards ??= isTaken(GUARDS);
  const whole = Object.assign(init, takesGuards && GUARDS, pastProxies(url));
  if (whole.method === "POST" && Object.hasOwn(globalThis, "Deno")) whole.body = sentOnce(whole.body);
  return whole;
}

/** Deno sends again what has no stream: its last failure says nothing about the first. */
function isResent({ method }) {
  return Object.hasOwn(globalThis, "Deno") && method !== "POST";
}

/** workerd refuses what it does not know. Where nothing can be tried, all is said. */
function isTaken(init) {
  // Not before a call needs it: Node loads all of its `fetch` for this, which doubles the time of the import.
  const { Request } = globalThis;
  if (Request === undefined) return true;
  try {
    return new Request("https://openrouter.ai/", init) !== undefined;
  } catch {
    return false;
  }
}

/** As a stream, which nobody can send twice: see `transport-wasm/src/request.rs`. */
function sentOnce(body) {
  return new Response(body, { __proto__: null }).body.pipeThrough(new TransformStream());
}

/** What an exchange reads of an answer, of whatever looks like a `Response`. */
function parts(answer) {
  const status = typeof answer === "object" && answer !== null ? read(answer, "status") : undefined;
  if (typeof status !== "number") {
    throw new TypeError("the fetch function returned something that is no Response");
  }
  const body = WITHOUT_BODY.includes(status) ? null : sourceOf(answer);
  return { type: read(answer, "type"), status, headers: headersOf(answer), body };
}
