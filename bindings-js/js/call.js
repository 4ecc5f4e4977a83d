// A call under way: a promise of its value that can tell more.

import { hide, hidden } from "./hidden.js";
import { readResponse } from "./values.js";

export class Call extends Promise {

  /** What is chained is a plain promise. */
  static get [Symbol.species]() {
    return Promise;
  }

  /** For this package alone: from a promise of the value and the tape behind it. */
  static of(whole) {
    const call = new Call((resolve, reject) => {
      whole.then(({ data }) => resolve(data), reject);
    });
    return hide(call, { whole });
  }

  withResponse() {
    // Who asks for the response handles its failure there.
    this.catch(() => {});
    const own = hidden(this);
    own.withResponse ??= own.whole.then(({ data, tape }) => ({ data, response: readResponse(tape) }));
    return own.withResponse;
  }
}
