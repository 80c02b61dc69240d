import type { LeasedEntry, OutboxEntry } from '../outbox/outbox';
import type { Priority } from '../outbox/priority';
import type { Database } from './libsql';
import { asBytes, textsOf, type TextRow } from './stored-text';

/** An entry as this process holds it. */
export interface StoredEntry extends LeasedEntry {
  readonly id: number;
  /** Under which lease it is held. */
  readonly owner: number;
  readonly dueAtMs: number;
  /** The disk has changed it: it is no text any more, and nobody wants it. */
  readonly isDamaged?: boolean;
  attempts: number;
}

interface EntryRow extends TextRow<(typeof TEXTS)[number]> {
  id: number;
  priority: Priority;
  due_at: number;
  attempts: number;
  accepted_at: number;
  occurred_at: number;
}

const TEXTS = ['destination', 'event_id', 'event_name', 'key', 'body', 'envelope'] as const;
const COLUMNS = `id, priority, due_at, attempts, accepted_at, occurred_at, ${asBytes(TEXTS)}`;

/** Nobody holds the entry. */
export const NOBODY = 0;

/** The pending entries. Every change asks for the owner: that is the fence. */
export class EntryTable {
  private readonly insertOne;
  private readonly claimSome;
  private readonly removeSome;
  private readonly removeOne;
  private readonly retryOne;
  private readonly firstWaiting;
  private readonly nextDue;

  constructor(database: Database) {
    this.insertOne = database.prepare(
      `INSERT INTO entries (owner, destination, priority, due_at, attempts, accepted_at, occurred_at,
         event_id, event_name, key, body, envelope)
       VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.claimSome = database.prepare(
      `UPDATE entries SET owner = ? WHERE id IN (
         SELECT id FROM entries
         WHERE owner = 0 AND destination = ? AND priority = ? AND due_at <= ?
         ORDER BY due_at LIMIT ?)
       RETURNING ${COLUMNS}`,
    );
    this.removeSome = database.prepare(
      'DELETE FROM entries WHERE id IN (SELECT value FROM json_each(?)) AND owner = ?',
    );
    this.removeOne = database.prepare('DELETE FROM entries WHERE id = ? AND owner = ?');
    this.retryOne = database.prepare(
      'UPDATE entries SET attempts = ?, due_at = ?, owner = ? WHERE id = ? AND owner = ?',
    );
    this.firstWaiting = database.prepare(
      `SELECT ${COLUMNS} FROM entries WHERE owner = 0 AND destination = ? AND priority = ?
       ORDER BY due_at LIMIT 1`,
    );
    this.nextDue = database.prepare(
      `SELECT due_at FROM entries WHERE owner = 0 AND destination = ? AND priority = ?
       ORDER BY due_at LIMIT 1`,
    );
  }

  insert(entry: OutboxEntry, owner: number, dueAtMs: number): number {
    const { lastInsertRowid } = this.insertOne.run(
      owner,
      entry.destination,
      entry.priority,
      dueAtMs,
      entry.acceptedAtMs,
      entry.occurredAtMs,
      entry.eventId,
      entry.eventName,
      entry.key,
      entry.wire.body,
      entry.wire.envelope,
    );
    return Number(lastInsertRowid);
  }

  /** Of those that nobody holds and that are due: the most urgent first, then the longest due. */
  claim(destination: string, owner: number, nowMs: number, limit: number): StoredEntry[] {
    const claimed: StoredEntry[] = [];
    for (const priority of [0, 1, 2] as const) {
      if (claimed.length >= limit) break;
      const rows = this.claimSome.all(
        owner,
        destination,
        priority,
        nowMs,
        limit - claimed.length,
      ) as EntryRow[];
      // RETURNING promises no order.
      rows.sort((a, b) => a.due_at - b.due_at || a.id - b.id);
      for (const row of rows) claimed.push(storedEntry(row, owner));
    }
    return claimed;
  }

  /**
   * @returns those that were still ours. A lease is taken away with all that is held under it, so of one
   *   owner's entries either all are gone or none.
   */
  remove(entries: readonly StoredEntry[]): readonly StoredEntry[] {
    const [first] = entries;
    if (first === undefined) return entries;
    if (entries.every(({ owner }) => owner === first.owner)) {
      const ids = JSON.stringify(entries.map(({ id }) => id));
      return this.removeSome.run(ids, first.owner).changes > 0 ? entries : [];
    }
    return entries.filter(({ id, owner }) => this.removeOne.run(id, owner).changes > 0);
  }

  /** @returns whether it was still ours. */
  retry(entry: StoredEntry, dueAtMs: number, nextOwner: number): boolean {
    const { attempts, id, owner } = entry;
    return this.retryOne.run(attempts + 1, dueAtMs, nextOwner, id, owner).changes > 0;
  }

  /** When the first of those that nobody holds is due. */
  nextDueAtMs(destination: string): number | undefined {
    let next: number | undefined;
    for (const priority of [0, 1, 2]) {
      const row = this.nextDue.get(destination, priority) as { due_at: number } | undefined;
      if (row !== undefined) next = Math.min(next ?? Infinity, row.due_at);
    }
    return next;
  }

  /** The oldest of those that nobody holds: of one priority, or of all. */
  oldestWaiting(destination: string, priority: Priority | undefined): StoredEntry | undefined {
    const found = (priority === undefined ? ([0, 1, 2] as const) : [priority])
      .map((one) => this.firstWaiting.get(destination, one) as EntryRow | undefined)
      .filter((row) => row !== undefined)
      .sort((a, b) => a.due_at - b.due_at)[0];
    return found === undefined ? undefined : storedEntry(found, NOBODY);
  }
}

function storedEntry(row: EntryRow, owner: number): StoredEntry {
  const text = textsOf(row, TEXTS);
  return {
    id: row.id,
    owner,
    key: text.key,
    destination: text.destination,
    eventId: text.event_id,
    eventName: text.event_name,
    occurredAtMs: row.occurred_at,
    acceptedAtMs: row.accepted_at,
    priority: row.priority,
    dueAtMs: row.due_at,
    wire: { body: text.body, envelope: text.envelope },
    attempts: row.attempts,
    isDamaged: text.isDamaged,
  };
}
