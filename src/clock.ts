/** The time and the only way to wait. Tests put a fake in its place, so that nothing sleeps. */
export interface Clock {
  /** Unix time in milliseconds. */
  now(): number;
  /**
   * Calls back once after `delayMs`. The timer never keeps the process alive.
   *
   * @returns cancels the call; does nothing when it has already happened.
   */
  after(delayMs: number, callback: () => void): () => void;
}

/** Longest delay that `setTimeout` keeps; a longer one would fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** A delay that `setTimeout` takes at its word, also for `Infinity` and `NaN`. */
export function timerMs(delayMs: number): number {
  return Number.isNaN(delayMs) ? 0 : Math.min(Math.max(delayMs, 0), MAX_TIMER_MS);
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, timerMs(delayMs));
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};
