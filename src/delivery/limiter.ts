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

  leave(): void {
    // A place is handed on directly, so that nobody comes in between.
    const next = this.waiting.shift();
    if (next === undefined) this.inside -= 1;
    else next();
  }
}
