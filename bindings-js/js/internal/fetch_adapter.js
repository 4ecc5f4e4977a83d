// One request and its response, within the module's limits: the JavaScript side of
// `src/fetch_adapter.rs`.

import { Reading } from "./body.js";
import { Delivery } from "./delivery.js";
import { isTaken, sender } from "./fetch.js";
import { read } from "./own.js";

export class FetchAdapter {
  #send;
  #clock;

  constructor(fetch, clock) {
    this.#send = sender(fetch);
    this.#clock = clock;
  }

  /** The head has the method, the URL, and each header's name and value, one per line. */
  begin(head, body, maxSuccess, maxError, idle, keepsPartial) {
    const lines = head.split("\n");
    const headers = { __proto__: null };
    for (let at = 2; at < lines.length; at += 2) headers[lines[at]] = lines[at + 1];
    const [method, url] = lines;
    const init = { __proto__: null, method, headers, redirect: "manual" };
    if (body !== undefined) init.body = body;
    return new Exchange(this.#send, url, init, { maxSuccess, maxError, idle, keepsPartial, clock: this.#clock });
  }
}

class Exchange {
  #controller = abortController();
  #delivery;
  #reading;
  #isGivenUp = false;
  /** The response's, once it has arrived. */
  #head;

  constructor(send, url, init, limits) {
    if (this.#controller) init.signal = this.#controller.signal;
    // All others may be repeated.
    if (init.method === "POST") this.#delivery = new Delivery(url);
    this.fetched = this.#run(send(url, init, this.#delivery), limits);
  }

  /** What has arrived of the response, or that nothing was sent. */
  giveUp() {
    this.#isGivenUp = true;
    const isUnsent = this.#delivery?.giveUp() === true;
    const came = this.#reading?.giveUp();
    this.#controller?.abort();
    if (isUnsent) return fetched(0, "", { __proto__: null, end: "unsent" });
    return this.#head && fetched(this.#head.status, this.#head.headers, came ?? { __proto__: null });
  }

  async #run(sent, { maxSuccess, maxError, idle, keepsPartial, clock }) {
    const got = await sent;
    const { type, status, headers, body } = got;
    const steering = read(got, "steering");
    if (steering !== undefined) return fetched(0, "", { bytes: undefined, end: "steering", thrown: steering });
    // A browser hides a redirect that it did not follow.
    if (type === "opaqueredirect") return fetched(0, headers, { __proto__: null, end: "hidden redirect" });
    if (!isStatus(status)) return fetched(0, headers, { __proto__: null, end: "the response has no status" });
    this.#head = { status, headers };
    if (body === null) return fetched(status, headers, { __proto__: null });
    const isSuccess = status >= 200 && status < 300;
    const limits = { maxBody: isSuccess ? maxSuccess : maxError, keepsPartial: !isSuccess || keepsPartial, clock };
    // A body read in one go shows no progress.
    this.#reading = new Reading(body, { ...limits, idle: read(body, "comesAtOnce") ? Infinity : idle });
    if (this.#isGivenUp) this.#reading.giveUp();
    return fetched(status, headers, await this.#reading.run(announced(headers)));
  }
}

/** `end` says why the body is not whole; `thrown` is the cause. */
function fetched(status, headers, { bytes, end, thrown }) {
  return { status, headers, bytes, end, thrown };
}

function isStatus(status) {
  return Number.isInteger(status) && status >= 100 && status <= 999;
}

/** The announced length. */
function announced(headers) {
  const line = "\ncontent-length:";
  const at = `\n${headers}`.indexOf(line);
  return at < 0 ? 0 : Number.parseInt(headers.slice(at + line.length - 1), 10);
}

let make;

/** Some platforms have none. */
function abortController() {
  try {
    return (make ??= maker())();
  } catch {
    return undefined;
  }
}

/** jsdom has its own, which Node's `fetch` refuses. */
function maker() {
  const own = () => new AbortController();
  try {
    const node = globalThis.process.getBuiltinModule("node:util").transferableAbortController;
    if (node() instanceof AbortController) return own;
    return globalThis.Request && isTaken({ __proto__: null, signal: own().signal }) ? own : node;
  } catch {
    return own;
  }
}
