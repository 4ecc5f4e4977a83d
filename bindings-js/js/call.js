// A call under way: a promise of its value that can tell more.

export class Call extends Promise {
  #whole;

  /** What is chained is a plain promise. */
  static get [Symbol.species]() {
    return Promise;
  }

  /** For this package alone: from a promise of value and response. */
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
    return this.#whole;
  }
}
