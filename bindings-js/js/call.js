// A call under way: a promise of its value that can tell more.

import { readResponse } from "./values.js";

export class Call extends Promise {
  #whole;
  #withResponse;

  /** What is chained is a plain promise. */
  static get [Symbol.species]() {
    return Promise;
  }

  /** For this package alone: from a promise of the value and the tape behind it. */
  static of(whole) {
    const call = new Call((resolve, reject) => {
      whole.then(({ data }) => resolve(data), reject);
    });
    call.#whole = whole;
    return call;
  }

  withResponse() {
    // Who asks for the response handles its failure there.
    this.catch(() => {});
    this.#withResponse ??= this.#whole.then(({ data, tape }) => ({ data, response: readResponse(tape) }));
    return this.#withResponse;
  }
}
