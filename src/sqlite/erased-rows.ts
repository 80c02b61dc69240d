import { isAbout } from './about';
import type { Database } from './libsql';
import { asBytes, textsOf, type TextRow } from './stored-text';

/** A pending entry that was erased. */
export interface ErasedRow {
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
/** A table of pending entries that is looked through slice by slice, by the row's ID. */
export interface Erasable {
  readonly lastId: number;
  /** So many rows at first, at the least, at the most. */
  readonly slices: { readonly first: number; readonly least: number; readonly most: number };
  /** The last of so many rows; `undefined` where there is none. */
  endOfSlice(afterId: number, upToId: number, rows: number): number | undefined;
  isAny(subjects: readonly string[], afterId: number, upToId: number): boolean;
  /** Inside a transaction. Of those that nobody holds nothing is left. */
  erase(subjects: readonly string[], afterId: number, upToId: number): Erased;
}

export interface Erased {
  readonly entries: readonly ErasedRow[];
  /** Those that share a seal with others which no key of ours opens: they stay. */
  readonly sealed: number;
}

/**
 * Pending entries that are to be forgotten. One that a process holds is emptied and left standing: its row must
 * not go under the hands of its owner, whose end of it is counted, or who removes it as soon as it sees it.
 */
export class ErasedRows implements Erasable {
  readonly slices = { first: 200, least: 50, most: 20_000 };
  private readonly last;
  private readonly slice;
  private readonly remove;
  private readonly empty;

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
  }

  get lastId(): number {
    return (this.last.get() as { id: number | null }).id ?? 0;
  }

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

  erase(subjects: readonly string[], afterId: number, upToId: number): Erased {
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
    const entries = found.map((row) => {
      const { destination, key, event_id, event_name } = textsOf(row, TEXTS);
      const { owner, bytes } = row;
      return { owner, bytes, destination, key, eventId: event_id, eventName: event_name };
    });
    return { entries, sealed: 0 };
  }
}

function idsOf(rows: readonly Found[]): string {
  return JSON.stringify(rows.map(({ id }) => id));
}
