// Pauses of any length.

/** A longer timer fires at once. */
const LONGEST_MS = 2 ** 31 - 1;

export async function sleep(ms, clock) {
  for (let left = ms; left > 0; left -= LONGEST_MS) {
    await new Promise((resolve) => {
      clock.setTimeout(resolve, Math.min(left, LONGEST_MS));
    });
  }
}
