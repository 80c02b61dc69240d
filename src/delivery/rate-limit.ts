import type { Clock } from '../clock';

/** At most so many starts in one second, evenly spread; who comes too early waits its turn. */
export class RateLimit {
  private readonly intervalMs: number;
  private nextAtMs = -Infinity;
  private readonly waiting = new Set<() => void>();

  constructor(
    private readonly clock: Clock,
    maxPerSecond: number,
  ) {
    this.intervalMs = 1_000 / maxPerSecond;
  }

  /** Resolves when it is this one's turn; at once where there is no limit. */
  turn(): Promise<void> | undefined {
    if (this.intervalMs === 0) return undefined;
    const nowMs = this.clock.now();
    const atMs = Math.max(this.nextAtMs, nowMs);
    this.nextAtMs = atMs + this.intervalMs;
    if (atMs <= nowMs) return undefined;
    return new Promise((resolve) => {
      const go = () => {
        cancel();
        this.waiting.delete(go);
        resolve();
      };
      const cancel = this.clock.after(atMs - nowMs, go);
      this.waiting.add(go);
    });
  }

  /** Lets everybody go at once. */
  release(): void {
    for (const go of [...this.waiting]) go();
  }
}
