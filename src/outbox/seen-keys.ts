/** Gone keys in front that are worth a copy of the rest. */
const MIN_CUT = 1_000;

/** Idempotency keys of the last while, bounded in time and number; beyond either the oldest goes. */
export class SeenKeys {
  private readonly keys = new Set<string>();
  /**
   * The same in the order of their ends, from `head` on. A set knows that order too, but looks for its first key behind
   * all that were deleted.
   */
  private order: { readonly key: string; readonly endsAtMs: number }[] = [];
  private head = 0;

  constructor(
    private readonly windowMs: number,
    private readonly maxKeys: number,
  ) {}

  /** @returns whether it had not been seen; from now on it has. */
  add(key: string, nowMs: number): boolean {
    this.forgetBefore(nowMs);
    const { size } = this.keys;
    if (this.keys.add(key).size === size) return false;
    this.order.push({ key, endsAtMs: nowMs + this.windowMs });
    if (this.keys.size > this.maxKeys) this.forgetOldest();
    return true;
  }

  /** Takes the key that was added last back. */
  takeBack(): void {
    const last = this.order.pop();
    if (last !== undefined) this.keys.delete(last.key);
  }

  private forgetBefore(nowMs: number): void {
    while ((this.order[this.head]?.endsAtMs ?? Infinity) <= nowMs) this.forgetOldest();
  }

  private forgetOldest(): void {
    const oldest = this.order[this.head];
    if (oldest === undefined) return;
    this.keys.delete(oldest.key);
    this.head += 1;
    if (this.head < MIN_CUT || this.head * 2 < this.order.length) return;
    this.order = this.order.slice(this.head);
    this.head = 0;
  }
}
