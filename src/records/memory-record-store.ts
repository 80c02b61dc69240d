import type { Clock } from '../clock';
import type { RecordStore, StoredRecord } from './record-store';

const MAX_RECORDS = 50_000;

/** Records in this process' memory; at the bound of a collection its oldest goes. */
export class MemoryRecordStore implements RecordStore {
  private readonly collections = new Map<string, Map<string, StoredRecord>>();
  /** Which records are about whom. */
  private readonly bySubject = new Map<string, Set<StoredRecord>>();

  constructor(
    private readonly clock: Clock,
    private readonly maxRecords = MAX_RECORDS,
  ) {}

  put(records: readonly StoredRecord[]): Promise<void> {
    for (const record of records) this.keep(record);
    return Promise.resolve();
  }

  putIfAbsent(record: StoredRecord): Promise<string> {
    const first = this.find(record.collection, record.key);
    if (first === undefined) this.keep(record);
    return Promise.resolve((first ?? record).value);
  }

  get(collection: string, keys: readonly string[]): Promise<readonly (string | undefined)[]> {
    return Promise.resolve(keys.map((key) => this.find(collection, key)?.value));
  }

  remove(collection: string, keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const record = this.collections.get(collection)?.get(key);
      if (record !== undefined) this.forget(record);
    }
    return Promise.resolve();
  }

  findBySubjects(subjects: readonly string[]): Promise<readonly StoredRecord[]> {
    const found = new Set(subjects.flatMap((subject) => [...(this.bySubject.get(subject) ?? [])]));
    return Promise.resolve([...found].filter((record) => this.isAlive(record)));
  }

  async eraseBySubjects(
    subjects: readonly string[],
    exceptCollections: readonly string[] = [],
  ): Promise<number> {
    const found = await this.findBySubjects(subjects);
    const erased = found.filter(({ collection }) => !exceptCollections.includes(collection));
    for (const record of erased) this.forget(record);
    return erased.length;
  }

  /** Nobody else can. */
  writesElsewhere(): number {
    return 0;
  }

  keys(collection: string, limit: number): Promise<readonly string[]> {
    return Promise.resolve([...(this.collections.get(collection)?.keys() ?? [])].slice(0, limit));
  }

  private keep(record: StoredRecord): void {
    const { collection, key, subjects } = record;
    const kept = this.collections.get(collection) ?? new Map<string, StoredRecord>();
    this.collections.set(collection, kept);
    const before = kept.get(key);
    if (before !== undefined) this.forget(before);
    for (const oldest of kept.values()) {
      if (kept.size < this.maxRecords) break;
      this.forget(oldest);
    }
    kept.set(key, record);
    for (const subject of subjects)
      this.bySubject.set(subject, (this.bySubject.get(subject) ?? new Set()).add(record));
  }

  private find(collection: string, key: string): StoredRecord | undefined {
    const record = this.collections.get(collection)?.get(key);
    if (record === undefined || this.isAlive(record)) return record;
    this.forget(record);
    return undefined;
  }

  private forget(record: StoredRecord): void {
    this.collections.get(record.collection)?.delete(record.key);
    for (const subject of record.subjects) {
      const records = this.bySubject.get(subject);
      records?.delete(record);
      if (records?.size === 0) this.bySubject.delete(subject);
    }
  }

  private isAlive({ expiresAtMs }: StoredRecord): boolean {
    return expiresAtMs > this.clock.now();
  }
}
