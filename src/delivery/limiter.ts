/** At most `limit` may be inside at once; the others wait in order. */
export class Limiter {
  private inside = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly limit: number) {}

  /** Resolves when there is room; `undefined` where there is. Who came in has to leave. */
  enter(): Promise<void> | undefined {
    if (this.inside >= this.limit) return new Promise((resolve) => this.waiting.push(resolve));
    this.inside += 1;
    return undefined;
  }

  /**
   * Comes in for each, in order, and calls; each call has to leave. Nothing is made for those that wait: hundreds may,
   * and the garbage collector looks through all of it. Rejects when all are through, if one did.
   */
  async forEach<Item>(
    items: readonly Item[],
    call: (item: Item) => Promise<unknown>,
  ): Promise<void> {
    const faults: unknown[] = [];
    const guarded = async (item: Item): Promise<void> => {
      try {
        await call(item);
      } catch (error) {
        faults.push(error);
      }
    };
    const underWay: Promise<void>[] = [];
    for (const item of items) {
      const room = this.enter();
      if (room !== undefined) await room;
      underWay.push(guarded(item));
    }
    await Promise.all(underWay);
    if (faults.length > 0) throw faults[0];
  }

  leave(): void {
    // A place is handed on directly, so that nobody comes in between.
    const next = this.waiting.shift();
    if (next === undefined) this.inside -= 1;
    else next();
  }
}
