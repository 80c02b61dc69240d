/** Idempotency keys of the last while, bounded in time and number; beyond either the oldest goes. */
export class SeenKeys {
  /** Insertion order is order of time. */
  private readonly expiresAtMs = new Map<string, number>();

  constructor(
    private readonly windowMs: number,
    private readonly maxKeys: number,
  ) {}

  has(key: string, nowMs: number): boolean {
    return (this.expiresAtMs.get(key) ?? -Infinity) > nowMs;
  }

  /** Counts as seen from now on. */
  add(key: string, nowMs: number): void {
    this.expiresAtMs.delete(key);
    this.expiresAtMs.set(key, nowMs + this.windowMs);
    for (const [oldest, oldestExpiresAtMs] of this.expiresAtMs) {
      if (oldestExpiresAtMs > nowMs && this.expiresAtMs.size <= this.maxKeys) break;
      this.expiresAtMs.delete(oldest);
    }
  }
}
