// A valid clock for the module, whatever the caller's does.

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

/** WebAssembly takes only numbers. */
function numberOf(read) {
  try {
    const ms = read();
    return typeof ms === "number" ? ms : NaN;
  } catch {
    return NaN;
  }
}

/** Keeps the callback until it is called or cleared; the module then frees it. */
class Timer {
  #callback;
  #clock;
  #id;

  constructor(clock, callback, ms) {
    this.#callback = callback;
    try {
      this.#set(clock, ms);
    } catch {
      // Without a timer, a call could hang.
      this.#set(SYSTEM_CLOCK, ms);
    }
  }

  clear() {
    this.#callback = undefined;
    try {
      this.#clock.clearTimeout(this.#id);
    } catch {
      // Nothing waits for it.
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
