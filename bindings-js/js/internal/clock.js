// What tells the module the time and wakes it, whatever the caller's clock does.

const SYSTEM_CLOCK = {
  now: () => (typeof performance === "object" ? performance : Date).now(),
  date: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer),
};

/** A clock that tells numbers, `NaN` where there is none, and whose timers ring once at most. */
export function validClock(clock = SYSTEM_CLOCK) {
  return {
    now: () => numberOf(() => clock.now()),
    date: () => numberOf(() => clock.date()),
    setTimeout: (callback, ms) => new Timer(clock, callback, ms),
    clearTimeout: (timer) => timer.clear(),
  };
}

/** What is no number cannot even be handed to WebAssembly. */
function numberOf(read) {
  try {
    const ms = read();
    return typeof ms === "number" ? ms : NaN;
  } catch {
    return NaN;
  }
}

/** Holds the callback until it is called or not wanted any more: the module frees it then. */
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
      // It rings for nobody.
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
