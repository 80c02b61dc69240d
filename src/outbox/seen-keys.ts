/** Gone keys in front that are worth a copy of the rest. */
const MIN_CUT = 1_000;

/** Idempotency keys of the last while, bounded in time and number; beyond either the oldest goes. */
export class SeenKeys {
  private readonly endsAtMs = new Map<string, number>();
  /**
   * The keys in the order of their ends, from `head` on. A map knows that order too, but looks for its first key behind
   * all that were deleted.
   */
  private order: { readonly key: string; readonly endsAtMs: number }[] = [];
  private head = 0;

  constructor(
    private readonly windowMs: number,
    private readonly maxKeys: number,
  ) {}

  has(key: string, nowMs: number): boolean {
    return (this.endsAtMs.get(key) ?? -Infinity) > nowMs;
  }

  /** Counts as seen from now on. */
  add(key: string, nowMs: number): void {
    const endsAtMs = nowMs + this.windowMs;
    this.endsAtMs.set(key, endsAtMs);
    this.order.push({ key, endsAtMs });
    for (;;) {
      const oldest = this.order[this.head];
      if (oldest === undefined) break;
      if (oldest.endsAtMs > nowMs && this.endsAtMs.size <= this.maxKeys) break;
      this.head += 1;
      // Else it was seen again since.
      if (this.endsAtMs.get(oldest.key) === oldest.endsAtMs) this.endsAtMs.delete(oldest.key);
    }
    if (this.head > MIN_CUT && this.head * 2 > this.order.length) {
      this.order = this.order.slice(this.head);
      this.head = 0;
    }
  }
}
