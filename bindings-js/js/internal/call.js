// A call in progress: a promise of its value, and of the response.

import { brand } from "./brand.js";
import { hide, hidden } from "./hidden.js";

export class Call extends Promise {

  /** Chaining returns plain promises. */
  static get [Symbol.species]() {
    return Promise;
  }

  /** Internal: from a promise of the value and the reply that contains the response. */
  static of(whole) {
    const call = new Call((resolve, reject) => {
      whole.then(({ data }) => resolve(data), reject);
    });
    return hide(call, { whole });
  }

  withResponse() {
    let own;
    try {
      own = hidden(this, "withResponse", "call.withResponse");
    } catch (error) {
      return Promise.reject(error);
    }
    // The promise below reports the failure.
    this.catch(() => {});
    own.withResponse ??= own.whole.then(({ data, reply }) => ({ data, response: reply.value() }));
    return own.withResponse;
  }
}

brand(Call, "Call");
