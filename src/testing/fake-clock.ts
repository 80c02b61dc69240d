import type { Clock } from '../clock';

interface Waiting {
  readonly atMs: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until it is told to move, so that a test of a day takes a millisecond.
 *
 * Lingering, deadlines and retries all wait for it: with `until: 'settled'`, advance it meanwhile.
 */
export class FakeClock implements Clock {
  private readonly waiting = new Set<Waiting>();

  /** @param nowMs Unix milliseconds at the start; default 2026-01-15T10:00:00Z. */
  constructor(private nowMs = Date.UTC(2026, 0, 15, 10)) {}

  now(): number {
    return this.nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const waiting = { atMs: this.nowMs + Math.max(delayMs, 0), callback };
    this.waiting.add(waiting);
    return () => {
      this.waiting.delete(waiting);
    };
  }

  /** How many callbacks are still to come. */
  get pendingTimers(): number {
    return this.waiting.size;
  }

  /** Moves on, calling back what falls due in its order, and lets promises run after each. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.nowMs + byMs;
    for (let next = this.nextDue(untilMs); next !== undefined; next = this.nextDue(untilMs)) {
      this.nowMs = next.atMs;
      this.waiting.delete(next);
      next.callback();
      await settleMicrotasks();
    }
    this.nowMs = untilMs;
    await settleMicrotasks();
  }

  private nextDue(untilMs: number): Waiting | undefined {
    let next: Waiting | undefined;
    for (const waiting of this.waiting) {
      if (waiting.atMs <= untilMs && (next === undefined || waiting.atMs < next.atMs))
        next = waiting;
    }
    return next;
  }
}

/** Long enough for any chain of promises that waits for nothing outside. */
function settleMicrotasks(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
