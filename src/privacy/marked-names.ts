import type { Clock } from '../clock';
import type { RecordStore } from '../records/record-store';

/** More of them are not kept in memory. */
const MAX_NAMES = 10_000;
/** Where others write all the time, they are read no more often than this. */
const LOAD_AGAIN_MS = 1_000;
/** Where there are more than are kept, they are hardly fewer soon. */
const TOO_MANY_MS = 10 * 60_000;

/**
 * All names under which something is kept in a collection, for as long as nobody else can have written. Few people ever
 * take anything back, and each event is asked about several times: most often the answer is here. Where it is not, the
 * storage is to be asked.
 */
export class MarkedNames {
  /** Some may be gone already; `undefined`: not known. */
  private names: Set<string> | undefined;
  /** What is being read, with what was written here since. */
  private coming: Set<string> | undefined;
  private readonly underWay = new Set<readonly string[]>();
  private elsewhere = 0;
  private loadAgainAtMs = -Infinity;

  constructor(
    private readonly records: Pick<RecordStore, 'keys' | 'writesElsewhere'>,
    private readonly collection: string,
    private readonly clock: Clock,
  ) {}

  /** Those of these names under which something may be kept, once each. @throws where the storage is out of reach. */
  among(people: Iterable<readonly string[]>): readonly string[] {
    const known = this.isCurrent() ? this.names : undefined;
    const found = new Set<string>();
    for (const names of people)
      for (const name of names) if (known === undefined || known.has(name)) found.add(name);
    return [...found];
  }

  /** Whether they are known: `among` leaves out what nothing is kept under. @throws where the storage is out of reach. */
  isCurrent(): boolean {
    return this.names !== undefined && this.records.writesElsewhere?.() === this.elsewhere;
  }

  /** Reads them where they are not known and somebody may know. */
  load(): Promise<void> | undefined {
    const { records, clock } = this;
    if (records.keys === undefined || records.writesElsewhere === undefined) return undefined;
    return this.isCurrent() || clock.now() < this.loadAgainAtMs ? undefined : this.loadNow();
  }

  /** Nobody may take these for unmarked from its beginning on. */
  async writing(names: readonly string[], work: () => Promise<void>): Promise<void> {
    this.underWay.add(names);
    for (const name of names) {
      this.names?.add(name);
      this.coming?.add(name);
    }
    try {
      await work();
    } finally {
      this.underWay.delete(names);
    }
  }

  private async loadNow(): Promise<void> {
    this.loadAgainAtMs = this.clock.now() + LOAD_AGAIN_MS;
    const coming = new Set([...this.underWay].flat());
    this.coming = coming;
    // First: who writes while they are read is noticed the next time.
    const elsewhere = this.records.writesElsewhere?.() ?? 0;
    const names = (await this.records.keys?.(this.collection, MAX_NAMES + 1)) ?? [];
    if (this.coming !== coming) return;
    this.coming = undefined;
    for (const name of names) coming.add(name);
    this.names = coming;
    this.elsewhere = elsewhere;
    if (names.length <= MAX_NAMES) return;
    this.names = undefined;
    this.loadAgainAtMs = this.clock.now() + TOO_MANY_MS;
  }
}
