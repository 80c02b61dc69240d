/** Real time, not the clock's: how long a server or a network may take. The timer holds no process. */
export function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs).unref();
  });
}

/**
 * Rejects when the work takes too long; what it does later is not heard. Somebody waits for the result, so
 * this timer does keep the process alive.
 */
export function within<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`no answer within ${timeoutMs} ms`));
    }, timeoutMs);
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
    });
  });
}

/** Wakes whoever waits; a call without a waiter is remembered for the next one. */
export class Signal {
  private isSet = false;
  private waiting: (() => void) | undefined;

  set(): void {
    this.isSet = true;
    this.waiting?.();
  }

  async wait(timeoutMs: number): Promise<void> {
    if (!this.isSet) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        timer.unref();
        this.waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.waiting = undefined;
    }
    this.isSet = false;
  }
}

/** Does it again and again, with a pause after each; the timer holds no process. @returns ends it. */
export function repeat(
  periodMs: number,
  work: () => Promise<void>,
  onError: (error: unknown) => void,
): () => void {
  let isCancelled = false;
  let timer: NodeJS.Timeout;
  const next = () => {
    timer = setTimeout(() => {
      work()
        .catch(onError)
        .finally(() => {
          if (!isCancelled) next();
        });
    }, periodMs);
    timer.unref();
  };
  next();
  return () => {
    isCancelled = true;
    clearTimeout(timer);
  };
}
