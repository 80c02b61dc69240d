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

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), MAX_TIMER_MS));
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};
