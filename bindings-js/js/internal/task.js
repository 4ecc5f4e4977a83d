// Runs the module's work in its caller's async context, so that a key function or `fetch`
// sees the caller's AsyncLocalStorage store and trace.

/**
 * Polls a task to its end: an async function continues in its caller's context, whatever
 * wakes it. `read` takes the outcome and a function that masks the call's secrets.
 */
export async function run(task, read) {
  try {
    await undefined;
    for (;;) {
      let wake;
      const woken = new Promise((resolve) => {
        wake = resolve;
      });
      if (task.poll(wake)) return read(task.outcome(), (text) => task.masked(text));
      await woken;
    }
  } finally {
    task.free();
  }
}

/** Calls functions in the async context it was made in. */
export class AsyncContext {
  #jobs = [];
  #wake;

  constructor() {
    this.#work();
  }

  run(job) {
    return new Promise((resolve) => {
      // A throw must not end the loop below.
      this.#jobs.push(() => resolve(new Promise((done) => done(job()))));
      this.#wake();
    });
  }

  async #work() {
    for (;;) {
      await new Promise((resolve) => {
        this.#wake = resolve;
      });
      for (const job of this.#jobs.splice(0)) job();
    }
  }
}
