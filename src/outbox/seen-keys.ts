/** Idempotency keys of the last while, bounded in time and number; beyond either the oldest goes. */
export class SeenKeys {
  /** Insertion order is order of time. */
  private readonly expiresAtMs = new Map<string, number>();

  constructor(
    private readonly windowMs: number,
    private readonly maxKeys: number,
  ) {}

  /** @returns whether the key is new within the window; it counts as seen from now on. */
  add(key: string, nowMs: number): boolean {
    const expiresAtMs = this.expiresAtMs.get(key);
    if (expiresAtMs !== undefined) {
      if (expiresAtMs > nowMs) return false;
      this.expiresAtMs.delete(key);
    }
    this.expiresAtMs.set(key, nowMs + this.windowMs);
    for (const [oldest, oldestExpiresAtMs] of this.expiresAtMs) {
      if (oldestExpiresAtMs > nowMs && this.expiresAtMs.size <= this.maxKeys) break;
      this.expiresAtMs.delete(oldest);
    }
    return true;
  }
}
