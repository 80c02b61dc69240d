import { DEFAULT_DEAD_LETTER_LIMIT } from '../outbox/dead-letter-query';
import type { DeadLetter, DeadLetterQuery, OutboxEntry } from '../outbox/outbox';
import type { Priority } from '../outbox/priority';
import type { Database } from './libsql';
import { asBytes, textsOf, type TextRow } from './stored-text';

interface DeadLetterRow extends TextRow<(typeof TEXTS)[number]> {
  id: number;
  at: number;
  attempts: number;
  priority: Priority;
  accepted_at: number;
  occurred_at: number;
}

const TEXTS = [
  'reason',
  'destination',
  'event_id',
  'event_name',
  'key',
  'body',
  'envelope',
] as const;
const COLUMNS = `id, at, attempts, priority, accepted_at, occurred_at, ${asBytes(TEXTS)}`;

/** What was given up, and why. */
export class DeadLetterTable {
  private readonly insertOne;
  private readonly removeOne;
  private readonly removeOld;
  private readonly last;

  constructor(private readonly database: Database) {
    this.insertOne = database.prepare(
      `INSERT INTO dead_letters (at, reason, attempts, destination, priority, accepted_at, occurred_at,
         event_id, event_name, key, body, envelope)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.last = database.prepare('SELECT max(id) AS id FROM dead_letters');
    this.removeOne = database.prepare('DELETE FROM dead_letters WHERE id = ?');
    this.removeOld = database.prepare(
      'DELETE FROM dead_letters WHERE id IN (SELECT id FROM dead_letters WHERE at < ? ORDER BY id LIMIT ?)',
    );
  }

  insert(entry: OutboxEntry, reason: string, attempts: number, atMs: number): void {
    this.insertOne.run(
      atMs,
      reason,
      attempts,
      entry.destination,
      entry.priority,
      entry.acceptedAtMs,
      entry.occurredAtMs,
      entry.eventId,
      entry.eventName,
      entry.key,
      entry.wire.body,
      entry.wire.envelope,
    );
  }

  /**
   * @param sinceMs older ones are forgotten, though they may still stand here.
   * @param afterId only those that were given up later than this one.
   * @param upToId and no later than this one.
   */
  find(
    query: DeadLetterQuery,
    sinceMs: number,
    afterId = 0,
    upToId = Number.MAX_SAFE_INTEGER,
  ): (DeadLetter & { readonly id: number })[] {
    const { sql, values } = conditions(query);
    const rows = this.database
      .prepare(
        `SELECT ${COLUMNS} FROM dead_letters WHERE ${sql} AND at >= ? AND id > ? AND id <= ? ORDER BY id LIMIT ?`,
      )
      .all(
        ...values,
        sinceMs,
        afterId,
        upToId,
        query.limit ?? DEFAULT_DEAD_LETTER_LIMIT,
      ) as DeadLetterRow[];
    return rows.map(deadLetter);
  }

  get lastId(): number {
    return (this.last.get() as { id: number | null }).id ?? 0;
  }

  /** @returns whether it was still there. */
  remove(id: number): boolean {
    return this.removeOne.run(id).changes > 0;
  }

  removeBefore(atMs: number, limit: number): number {
    return this.removeOld.run(atMs, limit).changes;
  }
}

function conditions(query: DeadLetterQuery): { sql: string; values: unknown[] } {
  const all: [condition: string, value: unknown][] = [];
  if (query.destination !== undefined) all.push(['destination = ?', query.destination]);
  if (query.eventName !== undefined) all.push(['event_name = ?', query.eventName]);
  if (query.eventId !== undefined) all.push(['event_id = ?', query.eventId]);
  if (query.beforeMs !== undefined) all.push(['at < ?', query.beforeMs]);
  if (query.keys !== undefined)
    all.push(['key IN (SELECT value FROM json_each(?))', JSON.stringify(query.keys)]);
  if (query.reason !== undefined) all.push(['instr(lower(reason), lower(?)) > 0', query.reason]);
  return {
    sql: ['1', ...all.map(([condition]) => condition)].join(' AND '),
    values: all.map(([, value]) => value),
  };
}

function deadLetter(row: DeadLetterRow): DeadLetter & { readonly id: number } {
  const text = textsOf(row, TEXTS);
  return {
    id: row.id,
    reason: text.reason,
    attempts: row.attempts,
    atMs: row.at,
    entry: {
      key: text.key,
      destination: text.destination,
      eventId: text.event_id,
      eventName: text.event_name,
      occurredAtMs: row.occurred_at,
      acceptedAtMs: row.accepted_at,
      priority: row.priority,
      wire: { body: text.body, envelope: text.envelope },
    },
  };
}
