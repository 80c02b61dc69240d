import type { KeptEvent } from '../outbox/outbox';
import { isAbout } from './about';
import type { Database } from './libsql';
import { asBytes, textsOf, type TextRow } from './stored-text';

const TEXTS = ['destination', 'event_id', 'event_name'] as const;
const COLUMNS = `accepted_at, ${asBytes(TEXTS)}`;
/** Rows that are looked through in one go: some milliseconds of the host's thread. */
const SLICE = 5_000;

type Row = TextRow<(typeof TEXTS)[number]> & { readonly accepted_at: number };

/** What stands in the tables about some people. Reads alone. */
export class KeptRows {
  private readonly endOfSlice;

  constructor(private readonly database: Database) {
    this.endOfSlice = database.prepare(
      `SELECT max(id) AS id FROM (SELECT id FROM entries WHERE id > ? ORDER BY id LIMIT ${SLICE})`,
    );
  }

  async pending(subjects: readonly string[]): Promise<readonly KeptEvent[]> {
    const { sql, values } = isAbout(subjects);
    const slice = this.database.prepare(
      `SELECT ${COLUMNS} FROM entries WHERE id > ? AND id <= ? AND ${sql}`,
    );
    const found: KeptEvent[] = [];
    let afterId = 0;
    for (;;) {
      const { id } = this.endOfSlice.get(afterId) as { id: number | null };
      if (id === null) return found;
      const rows = slice.all(afterId, id, ...values) as Row[];
      found.push(...rows.map((row) => eventOf(row, 'pending')));
      afterId = id;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  deadLetters(subjects: readonly string[], sinceMs: number): readonly KeptEvent[] {
    const { sql, values } = isAbout(subjects);
    const rows = this.database
      .prepare(`SELECT ${COLUMNS} FROM dead_letters WHERE at >= ? AND ${sql} ORDER BY id`)
      .all(sinceMs, ...values) as Row[];
    return rows.map((row) => eventOf(row, 'dead-letter'));
  }
}

function eventOf(row: Row, state: KeptEvent['state']): KeptEvent {
  const { destination, event_id, event_name } = textsOf(row, TEXTS);
  return {
    destination,
    eventName: event_name,
    eventId: event_id,
    acceptedAtMs: row.accepted_at,
    state,
  };
}
