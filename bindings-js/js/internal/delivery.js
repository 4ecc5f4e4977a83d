// How far a create got in Node, whose `fetch` (undici) publishes what it does. Anything
// uncertain counts as unknown.

const DEEPEST = 4;

/** RFC 9113, section 7. */
const REFUSED_STREAM = 7;

const underWay = new Set();
/** The delivery whose `fetch` is being called: undici usually creates the request during that. */
let beginning;
/** The request whose HTTP/2 stream opens next. */
let opening;
/** A dispatcher that resends uses the same body. */
const byBody = new WeakMap();
/** The requests that failed with an error. */
const byError = new WeakMap();
/** The errors that some `fetch` rejected with. */
const claimed = new WeakSet();
/** How each HTTP/2 session ends. */
const ends = new WeakMap();
/** How the last published request was sent. */
let proven = {};

export class Delivery {
  #path;
  #isGivenUp = false;
  #isFollowed = false;
  #carrier;
  #own = [];
  /** Those that may be: undici creates some later, after others. */
  #possible = [];

  constructor(url) {
    this.#path = url.slice(url.indexOf("/", 8));
  }

  /** Calls `fetch` and listens until it settles. */
  async follow(fetch, carrier) {
    if (!listen()) return fetch();
    this.#isFollowed = true;
    this.#carrier = carrier;
    underWay.add(this);
    try {
      const response = await this.#begin(fetch);
      // It was sent, even if that was not published.
      this.#isFollowed = false;
      return response;
    } catch (thrown) {
      for (const error of chain(thrown)) claimed.add(error);
      throw thrown;
    } finally {
      underWay.delete(this);
      if (underWay.size === 0) listen(false);
    }
  }

  /** How far the request got: "unsent", "refused" (not processed), "sent", or `undefined` if unknown. */
  judge(thrown) {
    const failed = chain(thrown).map((error) => byError.get(error)).find((requests) => requests);
    // A dispatcher may have sent it earlier.
    const earlier = this.#own.length > 0 ? this.#own : this.#possible.filter(({ error }) => error && !claimed.has(error));
    const verdict = verdictOf([...(failed ?? []), ...earlier]);
    return failed || verdict === "sent" ? verdict : undefined;
  }

  /** Whether nothing was sent, for certain; nothing will be from now on. */
  giveUp() {
    this.#isGivenUp = true;
    if (!this.#isFollowed) return false;
    if (this.#own.length > 0) return verdictOf(this.#own) === "unsent";
    const isPublished = proven.path === this.#path && proven.carrier === this.#carrier && proven.dispatcher !== undefined && proven.dispatcher === dispatcher();
    return isPublished && verdictOf(this.#possible) === "unsent";
  }

  get isGivenUp() {
    return this.#isGivenUp;
  }

  isFor({ method, path }) {
    return method === "POST" && String(path).endsWith(this.#path);
  }

  add(seen) {
    if (seen.owner === undefined) this.#possible.push(seen);
    if (seen.owner !== this) return;
    this.#own.push(seen);
    proven = { path: this.#path, carrier: this.#carrier, dispatcher: dispatcher() };
  }

  #begin(fetch) {
    beginning = this;
    try {
      return fetch();
    } finally {
      beginning = undefined;
    }
  }
}

function chain(thrown) {
  const errors = [];
  for (let error = thrown; Object(error) === error && errors.length < DEEPEST; error = error.cause) errors.push(error);
  return errors;
}

/** The worst of all that may be the request, or a repetition. */
function verdictOf(candidates) {
  const all = candidates.flatMap(({ sameBody }) => sameBody);
  if (all.every(isUnsent)) return "unsent";
  return all.every((seen) => isUnsent(seen) || isRefused(seen)) ? "refused" : "sent";
}

/** undici sets `abort` once it uses a connection. */
function isUnsent({ request, written }) {
  return written === 0 && request.abort === null;
}

function isRefused({ written, streams }) {
  return written > 0 && streams.length === written && streams.every(isUntouched);
}

/** RFC 9113, section 8.7. Only an orderly end of the session guarantees it. */
function isUntouched({ stream, session }) {
  const { isOrderly, last } = ends.get(session);
  return isOrderly && (stream.id > last || stream.rstCode === REFUSED_STREAM);
}

function created({ request }) {
  const meant = [...underWay].filter((delivery) => delivery.isFor(request));
  if (meant.length === 0 || !request.body) return;
  const sameBody = byBody.get(request.body) ?? [];
  const owner = meant.includes(beginning) ? beginning : sameBody[0]?.owner;
  const seen = { request, owner, sameBody, written: 0, streams: [], error: undefined };
  sameBody.push(seen);
  byBody.set(request.body, sameBody);
  for (const delivery of meant) delivery.add(seen);
}

/** Node's, or the one of npm's undici. */
function dispatcher() {
  return globalThis[Symbol.for("undici.globalDispatcher.2")] ?? globalThis[Symbol.for("undici.globalDispatcher.1")];
}

function seenOf(request) {
  return byBody.get(request?.body)?.find((seen) => seen.request === request);
}

function written({ request, socket }) {
  opening = undefined;
  const seen = seenOf(request);
  if (!seen) return;
  seen.written++;
  if (socket?.alpnProtocol === "h2") opening = seen;
  // It was already reported as unsent.
  if (seen.owner?.isGivenUp) socket?.destroy();
}

function opened({ stream, headers }) {
  const seen = opening;
  opening = undefined;
  if (!seen || headers?.[":path"] !== seen.request.path) return;
  const { session } = stream;
  if (!ends.has(session)) watchEnd(session);
  seen.streams.push({ stream, session });
}

function watchEnd(session) {
  const end = { isOrderly: true, last: Infinity };
  ends.set(session, end);
  session.on("goaway", (code, last) => {
    end.isOrderly &&= code === 0;
    end.last = Math.min(end.last, last);
  });
}

function failed({ request, error }) {
  const seen = seenOf(request);
  if (!seen) return;
  seen.error = error;
  byError.set(error, [...(byError.get(error) ?? []), seen]);
}

/** A listener that throws ends the process. */
const careful = (listener) => (message) => {
  try {
    listener(message);
  } catch {
    // It stays unknown.
  }
};

const LISTENERS = {
  "undici:request:create": careful(created),
  "undici:client:sendHeaders": careful(written),
  // Since Node 22.17 and 24.2.
  "http2.client.stream.created": careful(opened),
  "undici:request:error": careful(failed),
};

let isListening = false;

function listen(wanted = true) {
  const channels = diagnostics();
  if (channels && wanted !== isListening) {
    const change = wanted ? "subscribe" : "unsubscribe";
    try {
      for (const [name, listener] of Object.entries(LISTENERS)) channels[change](name, listener);
    } catch {
      return false;
    }
    isListening = wanted;
  }
  return channels !== undefined;
}

/** Since Node 20.16; other platforms do not understand the import. */
function diagnostics() {
  try {
    return globalThis.process?.getBuiltinModule?.("node:diagnostics_channel");
  } catch {
    return undefined;
  }
}
