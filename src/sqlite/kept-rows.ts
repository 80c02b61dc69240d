import { aboutAny } from '../outbox/erasure';
import { keptEvent } from '../outbox/kept-event';
import type { KeptEvent } from '../outbox/outbox';
import { isAbout } from './about';
import { readFacts } from './group-facts';
import { ENDED } from './held-group';
import type { Database } from './libsql';
import { asBytes, bufferOf, textOf, textsOf, type Bytes, type TextRow } from './stored-text';

const TEXTS = ['destination', 'event_id', 'event_name'] as const;
const COLUMNS = `accepted_at, ${asBytes(TEXTS)}`;
/** Rows that are looked through in one go: some milliseconds of the host's thread. */
const SLICE = 5_000;

const GROUP_SLICE = 100;

interface GroupRow {
  readonly destination: Bytes | null;
  readonly states: Bytes | null;
  readonly facts: Bytes | null;
}

type Row = TextRow<(typeof TEXTS)[number]> & { readonly accepted_at: number };

/** What stands in the tables about some people. Reads alone. */
export class KeptRows {
  constructor(private readonly database: Database) {}

  async pending(subjects: readonly string[]): Promise<readonly KeptEvent[]> {
    // In this order: meanwhile an entry may move from a group to a row, never back.
    const grouped = await this.grouped(subjects);
    return [...grouped, ...(await this.single(subjects))];
  }

  private async grouped(subjects: readonly string[]): Promise<KeptEvent[]> {
    const { sql, values } = isAbout(subjects, 'facts');
    const slice = this.database.prepare(
      `SELECT ${asBytes(['destination', 'states', 'facts'])}
       FROM group_contents AS c JOIN entry_groups AS g USING (id)
       WHERE g.id > ? AND g.id <= ? AND ${sql}`,
    );
    const found: KeptEvent[] = [];
    for await (const [afterId, upToId] of this.slices('entry_groups', GROUP_SLICE))
      for (const row of slice.all(afterId, upToId, ...values) as GroupRow[])
        found.push(...eventsOf(row, subjects));
    return found;
  }

  private async single(subjects: readonly string[]): Promise<KeptEvent[]> {
    const { sql, values } = isAbout(subjects);
    const slice = this.database.prepare(
      `SELECT ${COLUMNS} FROM entries WHERE id > ? AND id <= ? AND ${sql}`,
    );
    const found: KeptEvent[] = [];
    for await (const [afterId, upToId] of this.slices('entries', SLICE)) {
      const rows = slice.all(afterId, upToId, ...values) as Row[];
      found.push(...rows.map((row) => eventOf(row, 'pending')));
    }
    return found;
  }

  private async *slices(table: string, rows: number): AsyncGenerator<[number, number]> {
    const endOfSlice = this.database.prepare(
      `SELECT max(id) AS id FROM (SELECT id FROM ${table} WHERE id > ? ORDER BY id LIMIT ${rows})`,
    );
    let afterId = 0;
    for (;;) {
      const { id } = endOfSlice.get(afterId) as { id: number | null };
      if (id === null) return;
      yield [afterId, id];
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

function eventsOf(row: GroupRow, subjects: readonly string[]): KeptEvent[] {
  const isIt = aboutAny(subjects);
  const states = bufferOf(row.states);
  const destination = row.destination === null ? '' : (textOf(row.destination) ?? '');
  return (readFacts(row.facts) ?? []).flatMap((place, at) =>
    place.key !== undefined && states[at] !== ENDED && isIt(place)
      ? [keptEvent({ ...place, destination }, 'pending')]
      : [],
  );
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
