/** Something small that outlives a process, under a key. */
export interface StoredRecord {
  /** Whose it is: `contexts`, `consent`, `links`. */
  readonly collection: string;
  readonly key: string;
  /** Text of the owner's; sealed by it where it holds anything about a person. */
  readonly value: string;
  /** Keyed hashes of the people that it is about, so that it can be found and erased. */
  readonly subjects: readonly string[];
  /** Unix milliseconds; gone afterwards. `Infinity`: stays. */
  readonly expiresAtMs: number;
}

/**
 * What must outlive a process and is no event: contexts, withdrawals, links between visitors and users. A
 * member of the same storage as the outbox, shared by all of its processes. Every method rejects when the
 * storage is out of reach.
 */
export interface RecordStore {
  /** Replaces what stands under each key; all or nothing where the member can. Durable when it resolves. */
  put(records: readonly StoredRecord[]): Promise<void>;
  /** @returns the value that stands there now: this one, or the one that was there first. */
  putIfAbsent(record: StoredRecord): Promise<string>;
  /** One value per key, in order; `undefined` where there is none or it has expired. */
  get(collection: string, keys: readonly string[]): Promise<readonly (string | undefined)[]>;
  remove(collection: string, keys: readonly string[]): Promise<void>;
  /** Everything about any of these people. */
  findBySubjects(subjects: readonly string[]): Promise<readonly StoredRecord[]>;
  /**
   * Removes everything about any of these people, except in the collections named.
   *
   * @returns how many records.
   */
  eraseBySubjects(
    subjects: readonly string[],
    exceptCollections?: readonly string[],
  ): Promise<number>;
  /**
   * A number that is another one as soon as anybody else may have written: what was read under the same number, and was
   * not written here since, is still so. Left out where that cannot be known. Throws when the storage is out of reach.
   */
  writesElsewhere?(): number;
  /**
   * All keys of a collection in no order, or `limit` of them where there are more; some that have expired may be among
   * them. None may be missing that was put before a `writesElsewhere()` which was asked before. With that one, a few names
   * can be known here and need not be asked about; have both or neither.
   */
  keys?(collection: string, limit: number): Promise<readonly string[]>;
}
