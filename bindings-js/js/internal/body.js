// Reads a body as bytes, within the limits of its exchange.

import { read } from "./own.js";
import { bytesOf } from "./source.js";

const TOO_LARGE = "too large";
const IDLE = "idle";
const BROKEN = "broken";

/** A stream that is always ready starves timers. */
const MOST_EMPTY = 10_000;

/** Above this, `setTimeout` fires at once. */
const LONGEST = 0x7fff_ffff;

export class Reading {
  #reader;
  #limits;
  #outcome;
  #pieces = [];
  #length = 0;
  #empty = 0;
  #count = 0;
  #cameAt = 0;
  #timer;
  /** `undefined` once it is over. */
  #resolve;
  #came;
  #announced;

  constructor(stream, limits) {
    this.#limits = limits;
    this.#outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    try {
      this.#reader = stream.getReader();
    } catch (thrown) {
      this.#end(BROKEN, thrown);
    }
  }

  /** Does not read a body announced as too large, unless part of it is useful. */
  run(announced) {
    this.#announced = announced;
    if (this.#resolve !== undefined && announced > this.#limits.maxBody && !this.#limits.keepsPartial) this.#end(TOO_LARGE);
    if (this.#resolve !== undefined) {
      this.#watch(this.#limits.idle);
      this.#read();
    }
    return this.#outcome;
  }

  /** Returns what has arrived. */
  giveUp() {
    this.#end(BROKEN);
    return this.#came;
  }

  async #read() {
    try {
      for (;;) {
        const piece = await this.#reader.read();
        const value = read(piece, "value");
        if (read(piece, "done")) return this.#end();
        this.#count++;
        this.#cameAt = this.#limits.clock.now();
        const problem = this.#take(value);
        if (problem !== undefined) return this.#end(problem);
      }
    } catch (thrown) {
      this.#end(BROKEN, thrown);
    }
  }

  #take(piece) {
    const bytes = bytesOf(piece);
    if (bytes === undefined) return "the body is not made of bytes";
    if (bytes.length === 0) {
      this.#empty++;
      return this.#empty > MOST_EMPTY ? "the body is made of empty pieces" : undefined;
    }
    this.#length += bytes.length;
    this.#pieces.push(bytes);
    const { maxBody } = this.#limits;
    if (this.#length > maxBody || (this.#length === maxBody && this.#announced > maxBody)) return TOO_LARGE;
  }

  async #watch(ms) {
    const seen = this.#count;
    const step = Math.min(ms, LONGEST);
    // Awaited: a custom clock fires in its own context, and bytes that have arrived count.
    await new Promise((ring) => {
      this.#timer = this.#limits.clock.setTimeout(ring, Math.ceil(step));
    });
    this.#rang(seen, ms - step);
  }

  #rang(seen, left) {
    if (this.#resolve === undefined) return;
    // Not by the clock: a custom one may stand still.
    if (this.#count !== seen) {
      const quiet = this.#limits.clock.now() - this.#cameAt;
      this.#watch(Math.max(this.#limits.idle - (quiet > 0 ? quiet : 0), 0));
    } else if (left > 0) {
      this.#watch(left);
    } else {
      this.#end(IDLE);
    }
  }

  #end(end, thrown) {
    const resolve = this.#resolve;
    if (resolve === undefined) return;
    this.#resolve = undefined;
    if (this.#timer !== undefined) this.#limits.clock.clearTimeout(this.#timer);
    if (end !== undefined) cancel(this.#reader);
    this.#came = this.#outcomeOf(end, thrown);
    resolve(this.#came);
  }

  #outcomeOf(end, thrown) {
    try {
      return { bytes: this.#whole(), end, thrown };
    } catch (unreadable) {
      // The stream took a chunk back, or memory ran out.
      return { bytes: undefined, end: BROKEN, thrown: unreadable };
    }
  }

  #whole() {
    const { maxBody, keepsPartial } = this.#limits;
    if (this.#length > maxBody && !keepsPartial) return undefined;
    if (this.#pieces.length <= 1) return this.#pieces.at(0)?.subarray(0, maxBody);
    const whole = new Uint8Array(Math.min(this.#length, maxBody));
    let at = 0;
    for (const piece of this.#pieces) {
      whole.set(piece.subarray(0, whole.length - at), at);
      at += piece.length;
    }
    return whole;
  }
}

/** Deferred: it runs the caller's code. */
async function cancel(reader) {
  try {
    await undefined;
    await reader.cancel();
  } catch {
    // Nothing is left to cancel.
  }
}
