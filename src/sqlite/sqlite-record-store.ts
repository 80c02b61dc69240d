import type { Clock } from '../clock';
import type { RecordStore, StoredRecord } from '../records/record-store';
import type { Database } from './libsql';
import type { SqliteOutbox } from './sqlite-outbox';
import { asBytes, textsOf, type TextRow } from './stored-text';

interface RecordRow extends TextRow<'collection' | 'key' | 'value'> {
  expires_at: number;
}

/** Stands for `Infinity`, which is no whole number. */
const NEVER = Number.MAX_SAFE_INTEGER;
/** Expired records that go with each write. */
const SWEEP_ROWS = 20;
const TEXTS = ['collection', 'key', 'value'] as const;
const ABOUT =
  'SELECT collection, key FROM record_subjects WHERE subject IN (SELECT value FROM json_each(?))';

/** Records beside the outbox, in the same file and the same commits. */
export class SqliteRecordStore implements RecordStore {
  private readonly replace;
  private readonly addSubject;
  private readonly removeSubjects;
  private readonly find;
  private readonly findSome;
  private readonly removeOne;
  private readonly expired;
  private readonly about;
  private readonly subjects;
  private readonly version;
  private readonly keysOf;

  constructor(
    database: Database,
    private readonly outbox: SqliteOutbox,
    private readonly clock: Clock,
  ) {
    this.replace = database.prepare(
      `INSERT INTO records (collection, key, value, expires_at) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`,
    );
    this.addSubject = database.prepare(
      'INSERT INTO record_subjects (subject, collection, key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.removeSubjects = database.prepare(
      'DELETE FROM record_subjects WHERE collection = ? AND key = ?',
    );
    this.find = database.prepare(
      `SELECT ${asBytes(['value'])} FROM records WHERE collection = ? AND key = ? AND expires_at > ?`,
    );
    this.findSome = database.prepare(
      `SELECT ${asBytes(['key', 'value'])} FROM records
       WHERE collection = ? AND key IN (SELECT value FROM json_each(?)) AND expires_at > ?`,
    );
    this.removeOne = database.prepare('DELETE FROM records WHERE collection = ? AND key = ?');
    this.expired = database.prepare(
      `SELECT ${asBytes(['collection', 'key'])} FROM records WHERE expires_at <= ? LIMIT ${SWEEP_ROWS}`,
    );
    this.about = database.prepare(
      `SELECT ${asBytes(TEXTS)}, expires_at FROM records
       WHERE (collection, key) IN (${ABOUT}) AND expires_at > ?`,
    );
    this.subjects = database.prepare(
      `SELECT ${asBytes(['subject'])} FROM record_subjects WHERE collection = ? AND key = ?`,
    );
    this.version = database.prepare('PRAGMA data_version');
    this.keysOf = database.prepare(
      `SELECT CAST(json_group_array(key) AS BLOB) AS keys
       FROM (SELECT key FROM records WHERE collection = ? LIMIT ?)`,
    );
  }

  put(records: readonly StoredRecord[]): Promise<void> {
    return this.outbox.write(2 * records.length, () => {
      for (const record of records) this.keep(record);
      this.sweep();
    });
  }

  putIfAbsent(record: StoredRecord): Promise<string> {
    return this.outbox.write(2, () => {
      const first = this.valueOf(record.collection, record.key);
      if (first === undefined) this.keep(record);
      return first ?? record.value;
    });
  }

  get(collection: string, keys: readonly string[]): Promise<readonly (string | undefined)[]> {
    return new Promise((resolve) => {
      // A query costs much more than a row that is not there.
      if (keys.length > 1) resolve(this.valuesOf(collection, keys));
      else resolve(keys.map((key) => this.valueOf(collection, key)));
    });
  }

  remove(collection: string, keys: readonly string[]): Promise<void> {
    return this.outbox.write(keys.length, () => {
      for (const key of keys) this.forget(collection, key);
    });
  }

  findBySubjects(subjects: readonly string[]): Promise<readonly StoredRecord[]> {
    return new Promise((resolve) => {
      resolve(this.recordsAbout(subjects));
    });
  }

  eraseBySubjects(
    subjects: readonly string[],
    exceptCollections: readonly string[] = [],
  ): Promise<number> {
    return this.outbox.erasing(() =>
      this.outbox.write(20, () => {
        const erased = this.recordsAbout(subjects).filter(
          ({ collection }) => !exceptCollections.includes(collection),
        );
        for (const { collection, key } of erased) this.forget(collection, key);
        return erased.length;
      }),
    );
  }

  /** SQLite counts the commits of other connections. */
  writesElsewhere(): number {
    return (this.version.get() as { data_version: number }).data_version;
  }

  keys(collection: string, limit: number): Promise<readonly string[]> {
    return new Promise((resolve) => {
      // As one value: ten thousand rows would hold the thread up for longer than a commit.
      const row = this.keysOf.get(collection, limit) as TextRow<'keys'>;
      resolve(JSON.parse(textsOf(row, ['keys']).keys) as string[]);
    });
  }

  private keep({ collection, key, value, subjects, expiresAtMs }: StoredRecord): void {
    this.removeSubjects.run(collection, key);
    this.replace.run(collection, key, value, Math.min(Math.ceil(expiresAtMs), NEVER));
    for (const subject of subjects) this.addSubject.run(subject, collection, key);
  }

  private forget(collection: string, key: string): void {
    this.removeSubjects.run(collection, key);
    this.removeOne.run(collection, key);
  }

  private sweep(): void {
    const rows = this.expired.all(this.clock.now()) as TextRow<'collection' | 'key'>[];
    for (const row of rows) {
      const { collection, key } = textsOf(row, ['collection', 'key']);
      this.forget(collection, key);
    }
  }

  private valueOf(collection: string, key: string): string | undefined {
    const row = this.find.get(collection, key, this.clock.now()) as TextRow<'value'> | undefined;
    return row === undefined ? undefined : textsOf(row, ['value']).value;
  }

  private valuesOf(collection: string, keys: readonly string[]): readonly (string | undefined)[] {
    const rows = this.findSome.all(collection, JSON.stringify(keys), this.clock.now()) as TextRow<
      'key' | 'value'
    >[];
    if (rows.length === 0) return keys.map(() => undefined);
    const values = new Map(
      rows.map((row) => {
        const { key, value } = textsOf(row, ['key', 'value']);
        return [key, value];
      }),
    );
    return keys.map((key) => values.get(key));
  }

  private recordsAbout(subjects: readonly string[]): StoredRecord[] {
    const rows = this.about.all(JSON.stringify(subjects), this.clock.now()) as RecordRow[];
    return rows.map((row) => {
      const { collection, key, value } = textsOf(row, TEXTS);
      return {
        collection,
        key,
        value,
        subjects: this.subjectsOf(collection, key),
        expiresAtMs: row.expires_at === NEVER ? Infinity : row.expires_at,
      };
    });
  }

  private subjectsOf(collection: string, key: string): string[] {
    const rows = this.subjects.all(collection, key) as TextRow<'subject'>[];
    return rows.map((row) => textsOf(row, ['subject']).subject);
  }
}
