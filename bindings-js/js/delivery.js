// How far a create got in Node, whose `fetch` (undici) publishes what it does.
//
// It only listens, and only while a create is under way. Where anything is uncertain,
// nothing is known.

/** How deep undici's error is among the causes, at most. */
const DEEPEST = 4;

/** RFC 9113, section 7. */
const REFUSED_STREAM = 7;

const underWay = new Set();
/** The delivery whose `fetch` is being called: undici usually creates its request before that returns. */
let beginning;
/** The request whose headers are being written to HTTP/2: its stream is opened right after. */
let opening;
/** All requests with a body: a dispatcher that sends again uses the same one. */
const byBody = new WeakMap();
/** The requests that failed with an error, which becomes the cause of what `fetch` rejects with. */
const byError = new WeakMap();
/** Those that some `fetch` rejected with. */
const claimed = new WeakSet();
/** What the server of each HTTP/2 session has said about its last stream. */
const ends = new WeakMap();
/** The path, the `fetch` and the global dispatcher of a request that was published while it was called. */
let proven = {};

export class Delivery {
  #path;
  #isGivenUp = false;
  #isFollowed = false;
  #carrier;
  #own = [];
  /** Those that cannot be told apart: undici creates some later, behind others. */
  #possible = [];

  constructor(url) {
    this.#path = url.slice(url.indexOf("/", 8));
  }

  /**
   * Calls the runtime's own `fetch`, or what stands in for it, and listens until it
   * settles. Of any other `fetch` nothing is known.
   */
  async follow(fetch, carrier) {
    if (!listen()) return fetch();
    this.#isFollowed = true;
    this.#carrier = carrier;
    underWay.add(this);
    try {
      return await this.#begin(fetch);
    } catch (thrown) {
      for (const error of chain(thrown)) claimed.add(error);
      throw thrown;
    } finally {
      underWay.delete(this);
      if (underWay.size === 0) listen(false);
    }
  }

  /**
   * How far the request got that `fetch` rejected with this: "unsent", "refused" (the
   * server did not process it), "sent" or, if that is not known, nothing.
   */
  reach(thrown) {
    const failed = chain(thrown).map((error) => byError.get(error)).find((requests) => requests);
    // A dispatcher may have sent it before, and failed in another way.
    const earlier = this.#own.length > 0 ? this.#own : this.#possible.filter(({ error }) => error && !claimed.has(error));
    const reach = reachOf([...(failed ?? []), ...earlier]);
    return failed || reach === "sent" ? reach : undefined;
  }

  /** Whether surely nothing was sent. Nothing will be, from here on. */
  giveUp() {
    this.#isGivenUp = true;
    if (!this.#isFollowed) return false;
    if (this.#own.length > 0) return reachOf(this.#own) === "unsent";
    const isPublished = proven.path === this.#path && proven.carrier === this.#carrier && proven.dispatcher !== undefined && proven.dispatcher === dispatcher();
    return isPublished && reachOf(this.#possible) === "unsent";
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

/** What was thrown and its causes, as far as they are objects. */
function chain(thrown) {
  const errors = [];
  for (let error = thrown; Object(error) === error && errors.length < DEEPEST; error = error.cause) errors.push(error);
  return errors;
}

/** Of requests any of which may be the one: the worst of them, and of those that repeat it. */
function reachOf(candidates) {
  const all = candidates.flatMap(({ request }) => byBody.get(request.body));
  if (all.every(isUnsent)) return "unsent";
  return all.every((seen) => isUnsent(seen) || isRefused(seen)) ? "refused" : "sent";
}

/** undici sets `abort` as soon as it uses a connection. */
function isUnsent({ request, written }) {
  return written === 0 && request.abort === null;
}

function isRefused({ written, streams }) {
  return written > 0 && streams.length === written && streams.every(isUntouched);
}

/** RFC 9113, section 8.7. Only an orderly end of the session promises it. */
function isUntouched({ stream, session }) {
  const { isOrderly, last } = ends.get(session);
  return isOrderly && (stream.id > last || stream.rstCode === REFUSED_STREAM);
}

function created({ request }) {
  const meant = [...underWay].filter((delivery) => delivery.isFor(request));
  if (meant.length === 0 || !request.body) return;
  const repeated = byBody.get(request.body) ?? [];
  const owner = meant.includes(beginning) ? beginning : repeated[0]?.owner;
  const seen = { request, owner, written: 0, streams: [], error: undefined };
  byBody.set(request.body, [...repeated, seen]);
  for (const delivery of meant) delivery.add(seen);
}

/** Node's own, or one that npm's undici has put in its place. */
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
  // It was taken for never sent, and must not leave any more.
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

/** What is thrown here would end the process. */
const careful = (listener) => (message) => {
  try {
    listener(message);
  } catch {
    // Whatever it was about stays unknown.
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

/** Whether the platform publishes anything. */
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

/** Since Node 20.16; an import would not be understood elsewhere. */
function diagnostics() {
  try {
    return globalThis.process?.getBuiltinModule?.("node:diagnostics_channel");
  } catch {
    return undefined;
  }
}
