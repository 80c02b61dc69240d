/** At most `limit` may be inside at once; the others wait in order. */
export class Limiter {
  private inside = 0;
  /** The first is called whenever there is room; it goes out of the line when it needs no more. */
  private readonly line: (() => void)[] = [];

  constructor(private readonly limit: number) {}

  /** Resolves when there is room; `undefined` where there is. Who came in has to leave. */
  enter(): Promise<void> | undefined {
    if (this.inside < this.limit) {
      this.inside += 1;
      return undefined;
    }
    return new Promise((resolve) => {
      this.line.push(() => {
        this.line.shift();
        resolve();
      });
    });
  }

  /**
   * Comes in for each, in order, and calls; each call has to leave. All of them go before whoever comes later. Nothing is made
   * for those that wait: hundreds may, and the garbage collector looks through all of it. Rejects when all are through,
   * if one did.
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
    const begun: Promise<void>[] = [];
    let next = 0;
    const beginNext = (): void => {
      const item = items[next] as Item;
      next += 1;
      begun.push(guarded(item));
    };
    while (next < items.length && this.inside < this.limit) {
      this.inside += 1;
      beginNext();
    }
    if (next < items.length)
      await new Promise<void>((resolve) => {
        this.line.push(() => {
          if (next === items.length - 1) {
            this.line.shift();
            resolve();
          }
          beginNext();
        });
      });
    await Promise.all(begun);
    if (faults.length > 0) throw faults[0];
  }

  leave(): void {
    // A place is handed on directly, so that nobody comes in between.
    const first = this.line[0];
    if (first === undefined) this.inside -= 1;
    else first();
  }
}
