import { isAbout } from './about';
import type { Database } from './libsql';
import { asBytes, textsOf, type TextRow } from './stored-text';

/** A pending entry that was erased. */
export interface ErasedRow {
  readonly id: number;
  readonly owner: number;
  readonly destination: string;
  readonly key: string;
  readonly eventId: string;
  readonly eventName: string;
  readonly bytes: number;
}

type Found = TextRow<(typeof TEXTS)[number]> & { id: number; owner: number; bytes: number };

const TEXTS = ['destination', 'key', 'event_id', 'event_name'] as const;
const BYTES = 'coalesce(length(sealed) + length(key) + length(event_id), 0) + 250';

/** Marks the row of an entry that was erased while a process held it: nobody hands it over any more. */
export const ERASED_PRIORITY = 9;
/** The most rows that `left` finds at once. */
export const MAX_LEFT = 2_000;

/**
 * Pending entries that are to be forgotten. One that a process holds is emptied and left standing: its row must
 * not go under the hands of its owner, whose end of it is counted, or who removes it as soon as it sees it.
 */
export class ErasedRows {
  private readonly last;
  private readonly slice;
  private readonly remove;
  private readonly empty;
  private readonly findLeft;
  private readonly removeSome;

  constructor(private readonly database: Database) {
    this.last = database.prepare('SELECT max(id) AS id FROM entries');
    this.slice = database.prepare(
      'SELECT max(id) AS id FROM (SELECT id FROM entries WHERE id > ? AND id <= ? ORDER BY id LIMIT ?)',
    );
    this.remove = database.prepare(
      'DELETE FROM entries WHERE id IN (SELECT value FROM json_each(?))',
    );
    // What it took is still to be counted when it goes.
    this.empty = database.prepare(
      `UPDATE entries SET accepted_at = ${BYTES}, priority = ${ERASED_PRIORITY}, occurred_at = 0,
         event_id = '', key = '', about = '', sealed = x''
       WHERE id IN (SELECT value FROM json_each(?))`,
    );
    this.findLeft = database.prepare(
      `SELECT id FROM entries WHERE owner IN (0, ?) AND destination = ? AND priority = ${ERASED_PRIORITY}
       LIMIT ${MAX_LEFT}`,
    );
    this.removeSome = database.prepare(
      `DELETE FROM entries WHERE id IN (SELECT value FROM json_each(?)) AND priority = ${ERASED_PRIORITY}
       RETURNING accepted_at AS bytes`,
    );
  }

  get lastId(): number {
    return (this.last.get() as { id: number | null }).id ?? 0;
  }

  /** The last of so many rows; `undefined` where there is none. */
  endOfSlice(afterId: number, upToId: number, rows: number): number | undefined {
    return (this.slice.get(afterId, upToId, rows) as { id: number | null }).id ?? undefined;
  }

  isAny(subjects: readonly string[], afterId: number, upToId: number): boolean {
    const { sql, values } = isAbout(subjects);
    const found = this.database
      .prepare(`SELECT 1 FROM entries WHERE id > ? AND id <= ? AND ${sql} LIMIT 1`)
      .get(afterId, upToId, ...values);
    return found !== undefined;
  }

  /** Inside a transaction. Of those that nobody holds nothing is left. */
  erase(subjects: readonly string[], afterId: number, upToId: number): ErasedRow[] {
    const { sql, values } = isAbout(subjects);
    const found = this.database
      .prepare(
        `SELECT id, owner, ${BYTES} AS bytes, ${asBytes(TEXTS)} FROM entries
         WHERE id > ? AND id <= ? AND ${sql}`,
      )
      .all(afterId, upToId, ...values) as Found[];
    const isFree = ({ owner }: Found) => owner === 0;
    this.remove.run(idsOf(found.filter(isFree)));
    this.empty.run(idsOf(found.filter((row) => !isFree(row))));
    return found.map((row) => {
      const text = textsOf(row, TEXTS);
      const { id, owner, bytes } = row;
      const { destination, key } = text;
      return {
        id,
        owner,
        bytes,
        destination,
        key,
        eventId: text.event_id,
        eventName: text.event_name,
      };
    });
  }

  /** What is left of erased entries of a destination that this owner holds, or nobody does. */
  left(destination: string, owner: number): readonly { readonly id: number }[] {
    return this.findLeft.all(owner, destination) as { id: number }[];
  }

  /** Inside a transaction. Some may have ended meanwhile. */
  removeLeft(ids: readonly number[]): { readonly count: number; readonly bytes: number } {
    const removed = this.removeSome.all(JSON.stringify(ids)) as { bytes: number }[];
    return { count: removed.length, bytes: removed.reduce((sum, row) => sum + row.bytes, 0) };
  }
}

function idsOf(rows: readonly Found[]): string {
  return JSON.stringify(rows.map(({ id }) => id));
}
