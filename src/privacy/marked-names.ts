import type { RecordStore } from '../records/record-store';

/** Where there are more of them, none are held. */
const MAX_NAMES = 50_000;
/** They are read again no sooner than this, and no sooner than a thousand times of what it took. */
const LOAD_AGAIN_MS = 1_000;
const LOAD_SHARE = 1_000;
/** Where there are more than are held, they are hardly fewer soon. */
const TOO_MANY_MS = 10 * 60_000;

/** What is known of one store's collection: all who write there by the same object must tell the same one. */
const KNOWN = new WeakMap<object, Map<string, MarkedNames>>();

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
  private readAtWrites: number | undefined;
  private loadAgainAtMs = -Infinity;

  constructor(
    private readonly records: Pick<RecordStore, 'keys' | 'writesElsewhere'>,
    private readonly collection: string,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** The same one for all who share the store. */
  static of(records: RecordStore, collection: string): MarkedNames {
    const ofStore = KNOWN.get(records) ?? new Map<string, MarkedNames>();
    KNOWN.set(records, ofStore);
    const known = ofStore.get(collection) ?? new MarkedNames(records, collection);
    ofStore.set(collection, known);
    return known;
  }

  /**
   * Those of these names under which something may be kept, once each: all of them where it is not known. Has them
   * read for the next time where that is worth it.
   *
   * @throws where the storage is out of reach.
   */
  maybeMarked(people: Iterable<readonly string[]>): readonly string[] {
    const known = this.current();
    if (known === undefined) void this.load();
    const found = new Set<string>();
    for (const names of people)
      for (const name of names) if (known === undefined || known.has(name)) found.add(name);
    return [...found];
  }

  /** Whether it is known that nothing is kept under any of them. @throws where the storage is out of reach. */
  areUnmarked(people: Iterable<readonly string[]>): boolean {
    const known = this.current();
    if (known === undefined) return false;
    for (const names of people) for (const name of names) if (known.has(name)) return false;
    return true;
  }

  /** Nobody takes these for unmarked from its beginning on. */
  async writing(names: readonly string[], work: () => Promise<void>): Promise<void> {
    this.underWay.add(names);
    for (const name of names) {
      this.names?.add(name);
      this.coming?.add(name);
    }
    if (this.names !== undefined && this.names.size > MAX_NAMES) this.giveUp();
    try {
      await work();
    } finally {
      this.underWay.delete(names);
    }
  }

  /** Never rejects: where they cannot be read, the storage is asked, and says so. */
  private async load(): Promise<void> {
    const { records, collection } = this;
    const { keys, writesElsewhere } = records;
    if (keys === undefined || writesElsewhere === undefined) return;
    if (this.coming !== undefined || this.nowMs() < this.loadAgainAtMs) return;
    const startedMs = this.nowMs();
    const coming = new Set([...this.underWay].flat());
    this.coming = coming;
    try {
      // First: who writes while they are read is noticed the next time.
      const writes = writesElsewhere.call(records);
      const names = await keys.call(records, collection, MAX_NAMES + 1);
      for (const name of names) coming.add(name);
      this.names = coming;
      this.readAtWrites = writes;
    } catch {
      // What is known holds for as long as it did.
    }
    this.coming = undefined;
    const tookMs = this.nowMs() - startedMs;
    this.loadAgainAtMs = this.nowMs() + Math.max(LOAD_AGAIN_MS, tookMs * LOAD_SHARE);
    if (coming.size > MAX_NAMES) this.giveUp();
  }

  private giveUp(): void {
    this.names = undefined;
    this.loadAgainAtMs = this.nowMs() + TOO_MANY_MS;
  }

  private current(): Set<string> | undefined {
    if (this.names === undefined) return undefined;
    return this.records.writesElsewhere?.() === this.readAtWrites ? this.names : undefined;
  }
}
