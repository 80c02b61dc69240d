/** So many are remembered. */
const MAX_NAMES = 20_000;

/** What tells whether something may have been written since. */
export interface WriteMark {
  readonly here: number;
  readonly elsewhere: number;
}

/**
 * Names under which nothing was kept when it was last looked, for as long as nobody can have written since: most people
 * never take anything back, and each of their events is asked about several times within a moment.
 */
export class UnmarkedNames {
  private readonly names = new Set<string>();
  private here = 0;
  private elsewhere = 0;

  /** @param writesElsewhere see `RecordStore`; without it nothing is remembered. */
  constructor(private readonly writesElsewhere: (() => number) | undefined) {}

  /** Before something is read; `undefined` where there is nothing to remember it by. */
  mark(): WriteMark | undefined {
    if (this.writesElsewhere === undefined) return undefined;
    return { here: this.here, elsewhere: this.writesElsewhere() };
  }

  /** Under these names nothing was found by somebody who began to read at the mark. */
  add(names: readonly string[], mark: WriteMark | undefined): void {
    if (mark?.here !== this.here || mark.elsewhere !== this.writesElsewhere?.()) return;
    this.lookElsewhere();
    if (this.names.size + names.length > MAX_NAMES) this.names.clear();
    for (const name of names) this.names.add(name);
  }

  /** Whether all of them are known to be without anything. */
  hasAll(people: Iterable<readonly string[]>): boolean {
    if (this.names.size === 0) return false;
    this.lookElsewhere();
    for (const names of people) for (const name of names) if (!this.names.has(name)) return false;
    return true;
  }

  /** Call it before this process writes and when it has written. */
  written(): void {
    this.here += 1;
    this.names.clear();
  }

  private lookElsewhere(): void {
    const elsewhere = this.writesElsewhere?.() ?? 0;
    if (elsewhere === this.elsewhere) return;
    this.elsewhere = elsewhere;
    this.names.clear();
  }
}
