import type { Clock } from '../clock';
import type { RecordStore, StoredRecord } from '../records/record-store';
import type { PostgresConnection } from './postgres-connection';
import { within } from './waiting';

interface RecordRow {
  collection: string;
  key: string;
  value: string;
  subjects: string[];
  expires_at_ms: string;
}

const TIMEOUT_MS = 2_000;
const ERASE_TIMEOUT_MS = 10_000;
/** Stands for `Infinity`, which is no whole number. */
const NEVER = Number.MAX_SAFE_INTEGER;
const REPLACED =
  'value = EXCLUDED.value, subjects = EXCLUDED.subjects, expires_at_ms = EXCLUDED.expires_at_ms';

/** Records in a table beside the outbox's. */
export class PostgresRecordStore implements RecordStore {
  constructor(
    private readonly connection: PostgresConnection,
    private readonly clock: Clock,
  ) {}

  async put(records: readonly StoredRecord[]): Promise<void> {
    // One statement cannot change a row twice; the last one counts. Sorted, so that none waits in a circle.
    const byPlace = new Map(
      records.map((record) => [`${record.collection}:${record.key}`, record]),
    );
    const sorted = [...byPlace].sort().map(([, record]) => record);
    await this.ask(
      `INSERT INTO tracking_record (collection, key, value, subjects, expires_at_ms)
         SELECT collection, key, value, string_to_array(subjects, ','), expires_at_ms
           FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])
             AS given (collection, key, value, subjects, expires_at_ms)
         ON CONFLICT (collection, key) DO UPDATE SET ${REPLACED}`,
      [
        sorted.map(({ collection }) => collection),
        sorted.map(({ key }) => key),
        sorted.map(({ value }) => value),
        sorted.map(({ subjects }) => subjects.join()),
        sorted.map(({ expiresAtMs }) => whole(expiresAtMs)),
      ],
    );
  }

  async putIfAbsent(record: StoredRecord): Promise<string> {
    const { collection, key, value, subjects, expiresAtMs } = record;
    // What stands there is written over itself, because only what was written is returned.
    const [row] = await this.ask<{ value: string }>(
      `INSERT INTO tracking_record AS kept (collection, key, value, subjects, expires_at_ms)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (collection, key) DO UPDATE SET
           value = CASE WHEN kept.expires_at_ms > $6 THEN kept.value ELSE EXCLUDED.value END,
           subjects = CASE WHEN kept.expires_at_ms > $6 THEN kept.subjects ELSE EXCLUDED.subjects END,
           expires_at_ms =
             CASE WHEN kept.expires_at_ms > $6 THEN kept.expires_at_ms ELSE EXCLUDED.expires_at_ms END
         RETURNING value`,
      [collection, key, value, subjects, whole(expiresAtMs), this.clock.now()],
    );
    return row?.value ?? value;
  }

  async get(collection: string, keys: readonly string[]): Promise<readonly (string | undefined)[]> {
    const rows = await this.ask<{ key: string; value: string }>(
      `SELECT key, value FROM tracking_record
         WHERE collection = $1 AND key = ANY($2) AND expires_at_ms > $3`,
      [collection, keys, this.clock.now()],
    );
    const values = new Map(rows.map(({ key, value }) => [key, value]));
    return keys.map((key) => values.get(key));
  }

  async remove(collection: string, keys: readonly string[]): Promise<void> {
    await this.ask('DELETE FROM tracking_record WHERE collection = $1 AND key = ANY($2)', [
      collection,
      keys,
    ]);
  }

  async findBySubjects(subjects: readonly string[]): Promise<readonly StoredRecord[]> {
    const rows = await this.ask<RecordRow>(
      'SELECT * FROM tracking_record WHERE subjects && $1 AND expires_at_ms > $2',
      [subjects, this.clock.now()],
    );
    return rows.map(({ collection, key, value, subjects: about, expires_at_ms }) => ({
      collection,
      key,
      value,
      subjects: about,
      expiresAtMs: Number(expires_at_ms) === NEVER ? Infinity : Number(expires_at_ms),
    }));
  }

  async eraseBySubjects(
    subjects: readonly string[],
    exceptCollections: readonly string[] = [],
  ): Promise<number> {
    // What has expired and was not swept yet goes as well; it is not counted.
    const erased = await within(
      ERASE_TIMEOUT_MS,
      this.connection.query<{ is_alive: boolean }>(
        `DELETE FROM tracking_record
           WHERE subjects && $1 AND NOT collection = ANY($2) RETURNING expires_at_ms > $3 AS is_alive`,
        [subjects, exceptCollections, this.clock.now()],
      ),
    );
    return erased.filter((row) => row.is_alive).length;
  }

  private ask<Row extends object>(sql: string, values: unknown[]): Promise<Row[]> {
    return within(TIMEOUT_MS, this.connection.query<Row>(sql, values));
  }
}

function whole(expiresAtMs: number): number {
  return Math.min(Math.ceil(expiresAtMs), NEVER);
}
