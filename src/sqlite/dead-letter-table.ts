import { DEFAULT_DEAD_LETTER_LIMIT } from '../outbox/dead-letter-query';
import { storedBytes } from '../outbox/entry-bytes';
import type { DeadLetter, DeadLetterQuery } from '../outbox/outbox';
import type { Priority } from '../outbox/priority';
import { openWire, sealWire } from '../outbox/sealed-wire';
import type { Vault } from '../records/vault';
import { isAbout, readAbout, writeAbout } from './about';
import { ERASED_PRIORITY } from './erased-rows';
import type { Database } from './libsql';
import type { StoredEntry } from './stored-entry';
import { asBytes, bufferOf, textsOf, type Bytes, type TextRow } from './stored-text';

interface DeadLetterRow extends TextRow<(typeof TEXTS)[number]> {
  id: number;
  at: number;
  attempts: number;
  priority: Priority;
  accepted_at: number;
  occurred_at: number;
  sealed: Bytes | null;
}

/** One that was found; its wire event is opened when it is asked for. */
export interface FoundLetter {
  readonly id: number;
  readonly destination: string;
  /** What it would take as a pending entry. */
  readonly bytes: number;
  readonly open: () => DeadLetter;
}

const TEXTS = ['reason', 'destination', 'event_id', 'event_name', 'key', 'about'] as const;
const COLUMNS = `id, at, attempts, priority, accepted_at, occurred_at, ${asBytes([...TEXTS, 'sealed'])}`;

/** What was given up, and why. */
export class DeadLetterTable {
  private readonly copyOne;
  private readonly insertOne;
  private readonly findOne;
  private readonly removeOne;
  private readonly removeOld;
  private readonly last;

  constructor(
    private readonly database: Database,
    private readonly vault: Vault,
  ) {
    // A damaged row may hold nothing where there was something.
    this.copyOne = database.prepare(
      `INSERT INTO dead_letters (at, reason, attempts, destination, priority, accepted_at, occurred_at,
         event_id, event_name, key, about, sealed)
       SELECT ?, ?, ?, destination, priority, coalesce(accepted_at, 0), coalesce(occurred_at, 0),
         coalesce(event_id, ''), coalesce(event_name, ''), coalesce(key, ''), coalesce(about, ''),
         coalesce(sealed, x'')
       FROM entries WHERE id = ? AND owner = ? AND priority <> ${ERASED_PRIORITY}`,
    );
    this.insertOne = database.prepare(
      `INSERT INTO dead_letters (at, reason, attempts, destination, priority, accepted_at, occurred_at,
         event_id, event_name, key, about, sealed)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.last = database.prepare('SELECT max(id) AS id FROM dead_letters');
    this.findOne = database.prepare('SELECT 1 FROM dead_letters WHERE id = ?');
    this.removeOne = database.prepare('DELETE FROM dead_letters WHERE id = ?');
    this.removeOld = database.prepare(
      'DELETE FROM dead_letters WHERE id IN (SELECT id FROM dead_letters WHERE at < ? ORDER BY id LIMIT ?)',
    );
  }

  /** Copies a row of the pending entries as it is, sealed. @returns whether it was still ours. */
  bury({ place, owner }: StoredEntry, reason: string, attempts: number, atMs: number): boolean {
    return this.copyOne.run(atMs, reason, attempts, place, owner).changes > 0;
  }

  /** One that shared its seal with others; what was damaged stays so. */
  insert(entry: StoredEntry, reason: string, attempts: number, atMs: number): void {
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
      writeAbout(entry),
      entry.fault === undefined ? sealWire(this.vault, entry.key, entry.wire) : Buffer.alloc(0),
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
  ): FoundLetter[] {
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
    return rows.map((row) => this.found(row));
  }

  get lastId(): number {
    return (this.last.get() as { id: number | null }).id ?? 0;
  }

  has(id: number): boolean {
    return this.findOne.get(id) !== undefined;
  }

  remove(id: number): void {
    this.removeOne.run(id);
  }

  removeBefore(atMs: number, limit: number): number {
    return this.removeOld.run(atMs, limit).changes;
  }

  /** @returns how many. */
  eraseAbout(subjects: readonly string[], afterId: number): number {
    const { sql, values } = isAbout(subjects);
    return this.database
      .prepare(`DELETE FROM dead_letters WHERE id > ? AND ${sql}`)
      .run(afterId, ...values).changes;
  }

  private found(row: DeadLetterRow): FoundLetter {
    const text = textsOf(row, TEXTS);
    const sealed = bufferOf(row.sealed);
    return {
      id: row.id,
      destination: text.destination,
      bytes: storedBytes({ key: text.key, eventId: text.event_id }, sealed.length),
      open: () => {
        const wire = this.opened(text.key, sealed);
        return {
          reason: text.reason,
          attempts: row.attempts,
          atMs: row.at,
          isSealed: wire === undefined ? true : undefined,
          entry: {
            key: text.key,
            destination: text.destination,
            eventId: text.event_id,
            eventName: text.event_name,
            occurredAtMs: row.occurred_at,
            acceptedAtMs: row.accepted_at,
            priority: row.priority,
            ...readAbout(text.about),
            wire: wire ?? { body: '', envelope: '' },
          },
        };
      },
    };
  }

  private opened(key: string, sealed: Uint8Array) {
    try {
      return openWire(this.vault, key, sealed);
    } catch {
      // Without its key, or damaged: the letter says so.
      return undefined;
    }
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
