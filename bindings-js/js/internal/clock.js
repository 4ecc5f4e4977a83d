// The module's clock, whatever the caller's clock does.

const SYSTEM_CLOCK = {
  now: () => (typeof performance === "object" ? performance : Date).now(),
  date: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer),
};

/** Returns numbers (`NaN` for none), and its timers fire at most once. */
export function validClock(clock = SYSTEM_CLOCK) {
  return {
    now: () => numberOf(() => clock.now()),
    date: () => numberOf(() => clock.date()),
    setTimeout: (callback, ms) => new Timer(clock, callback, ms),
    clearTimeout: (timer) => timer.clear(),
  };
}

/** WebAssembly takes numbers only. */
function numberOf(read) {
  try {
    const ms = read();
    return typeof ms === "number" ? ms : NaN;
  } catch {
    return NaN;
  }
}

/** Holds the callback until it is called or cleared: then the module frees it. */
class Timer {
  #callback;
  #clock;
  #id;

  constructor(clock, callback, ms) {
    this.#callback = callback;
    try {
      this.#set(clock, ms);
    } catch {
      // Without a timer, a call could wait for ever.
      this.#set(SYSTEM_CLOCK, ms);
    }
  }

  clear() {
    this.#callback = undefined;
    try {
      this.#clock.clearTimeout(this.#id);
    } catch {
      // Nobody waits for it.
    }
  }

  #set(clock, ms) {
    this.#clock = clock;
    this.#id = clock.setTimeout(() => this.#ring(), ms);
  }

  #ring() {
    const callback = this.#callback;
    this.#callback = undefined;
    callback?.();
  }
}
