// Iterates the keys of all pages.

import { refused } from "./errors.js";
import { hidden, hide } from "./hidden.js";

const ASYNC_DISPOSE = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

/** Can be iterated once. A loop or `toArray` after the end is refused: it would find nothing. */
export class KeyListing {
  /** From an async generator, which queues concurrent requests. */
  constructor(keys) {
    hide(this, { keys, isOver: false, isTaken: false });
  }

  async next() {
    const own = held(this, "next");
    try {
      const step = await own.keys.next();
      if (step.done) own.isOver = true;
      return step;
    } catch (error) {
      own.isOver = true;
      throw error;
    }
  }

  async return(value) {
    const own = held(this, "return");
    own.isOver = true;
    return own.keys.return(value);
  }

  async throw(error) {
    const own = held(this, "throw");
    own.isOver = true;
    return own.keys.throw(error);
  }

  [Symbol.asyncIterator]() {
    unread(this, "[Symbol.asyncIterator]");
    return this;
  }

  async [ASYNC_DISPOSE]() {
    held(this, "return");
    await this.return();
  }

  async toArray() {
    unread(this, "toArray").isTaken = true;
    const keys = [];
    for (;;) {
      const { done, value } = await this.next();
      if (done) return keys;
      keys.push(value);
    }
  }
}

const held = (listing, method) => hidden(listing, "listAll", `listing.${method}`);

function unread(listing, method) {
  const own = held(listing, method);
  if (!own.isOver && !own.isTaken) return own;
  const problem = "this listing has been read already, and a listing can be read once";
  throw refused("listAll", "this", problem, undefined, "call listAll again to start over");
}
