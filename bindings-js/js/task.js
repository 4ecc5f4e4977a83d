// Runs the module's work in the async context of its caller: what it calls there, a key
// function or `fetch`, finds the caller's own AsyncLocalStorage store and trace.

/**
 * Polls a task to its end. An async function goes on in the context it was called in,
 * whichever call of whichever client, clock or signal wakes it. `read` takes the outcome
 * and what masks the call's secrets in a string.
 */
export async function run(task, read) {
  try {
    await undefined;
    for (;;) {
      let wake;
      const woken = new Promise((resolve) => {
        wake = resolve;
      });
      const outcome = task.poll(wake);
      if (outcome !== undefined) return read(outcome, (text) => task.masked(text));
      await woken;
    }
  } finally {
    task.free();
  }
}

/** The async context in which this was made, in which functions can be called later. */
export class AsyncContext {
  #jobs = [];
  #wake;

  constructor() {
    this.#work();
  }

  /** Calls the function there; a promise of what it returns. */
  run(job) {
    return new Promise((resolve) => {
      this.#jobs.push(() => resolve(job()));
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
