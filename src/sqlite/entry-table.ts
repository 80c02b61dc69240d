import { storedBytes } from '../outbox/entry-bytes';
import type { Priority } from '../outbox/priority';
import { openWire, sealWire } from '../outbox/sealed-wire';
import { SealError, type Vault } from '../records/vault';
import { readAbout, writeAbout } from './about';
import type { Database } from './libsql';
import { DAMAGED, NOBODY, type StoredEntry } from './stored-entry';
import { asBytes, bufferOf, textsOf, type Bytes, type TextRow } from './stored-text';

interface EntryRow extends TextRow<(typeof TEXTS)[number]> {
  id: number;
  priority: Priority;
  due_at: number;
  attempts: number;
  accepted_at: number;
  occurred_at: number;
  sealed: Bytes | null;
}

const TEXTS = ['destination', 'event_id', 'event_name', 'key', 'about'] as const;
const COLUMNS = `id, priority, due_at, attempts, accepted_at, occurred_at, ${asBytes([...TEXTS, 'sealed'])}`;

/** The pending entries that have rows of their own. Every change asks for the owner: that is the fence. */
export class EntryTable {
  private readonly insertOne;
  private readonly insertDeadLetter;
  private readonly claimSome;
  private readonly removeSome;
  private readonly removeOne;
  private readonly retryOne;
  private readonly firstWaiting;
  private readonly nextDue;

  constructor(
    database: Database,
    private readonly vault: Vault,
  ) {
    this.insertOne = database.prepare(
      `INSERT INTO entries (owner, destination, priority, due_at, attempts, accepted_at, occurred_at,
         event_id, event_name, key, about, sealed)
       VALUES (0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.insertDeadLetter = database.prepare(
      `INSERT INTO entries (owner, destination, priority, due_at, attempts, accepted_at, occurred_at,
         event_id, event_name, key, about, sealed)
       SELECT 0, destination, priority, ?, 0, accepted_at, occurred_at,
         event_id, event_name, key, about, sealed FROM dead_letters WHERE id = ?`,
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

  /** One that waits for its next try. */
  insert(entry: StoredEntry, dueAtMs: number): void {
    this.insertOne.run(
      entry.destination,
      entry.priority,
      dueAtMs,
      entry.attempts + 1,
      entry.acceptedAtMs,
      entry.occurredAtMs,
      entry.eventId,
      entry.eventName,
      entry.key,
      writeAbout(entry),
      sealWire(this.vault, entry.key, entry.wire),
    );
  }

  /** Copies a dead letter, as it is: what cannot be opened is tried once more. */
  redrive(deadLetterId: number, dueAtMs: number): void {
    this.insertDeadLetter.run(dueAtMs, deadLetterId);
  }

  /** Of those that nobody holds and that are due: the longest due. */
  claim(
    destination: string,
    priority: Priority,
    owner: number,
    nowMs: number,
    limit: number,
  ): StoredEntry[] {
    const rows = this.claimSome.all(owner, destination, priority, nowMs, limit) as EntryRow[];
    // RETURNING promises no order.
    rows.sort((a, b) => a.due_at - b.due_at || a.id - b.id);
    return rows.map((row) => this.storedEntry(row, owner));
  }

  /**
   * @returns those that were still ours. A lease is taken away with all that is held under it, so of one
   *   owner's entries either all are gone or none.
   */
  remove(entries: readonly StoredEntry[]): readonly StoredEntry[] {
    const [first] = entries;
    if (first === undefined) return entries;
    if (entries.every(({ owner }) => owner === first.owner)) {
      const ids = JSON.stringify(entries.map(({ place }) => place));
      // Only what was erased can be missing among them, and which ones does not matter for the counts.
      return entries.slice(0, this.removeSome.run(ids, first.owner).changes);
    }
    return entries.filter(({ place, owner }) => this.removeOne.run(place, owner).changes > 0);
  }

  /** @returns whether it was still ours. */
  retry(entry: StoredEntry, dueAtMs: number, nextOwner: number): boolean {
    const { attempts, place, owner } = entry;
    return this.retryOne.run(attempts + 1, dueAtMs, nextOwner, place, owner).changes > 0;
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
    return found === undefined ? undefined : this.storedEntry(found, NOBODY);
  }

  private storedEntry(row: EntryRow, owner: number): StoredEntry {
    const text = textsOf(row, TEXTS);
    const sealed = bufferOf(row.sealed);
    const { subjects, consentAtMs } = readAbout(text.about);
    const { wire, fault } = this.opened(text.key, sealed, text.isDamaged);
    return {
      group: undefined,
      place: row.id,
      owner,
      key: text.key,
      destination: text.destination,
      eventId: text.event_id,
      eventName: text.event_name,
      occurredAtMs: row.occurred_at,
      acceptedAtMs: row.accepted_at,
      priority: row.priority,
      subjects,
      consentAtMs,
      dueAtMs: row.due_at,
      wire,
      attempts: row.attempts,
      bytes: storedBytes({ key: text.key, eventId: text.event_id }, sealed.length),
      fault,
    };
  }

  private opened(
    key: string,
    sealed: Uint8Array,
    isDamaged: boolean,
  ): Pick<StoredEntry, 'wire' | 'fault'> {
    const wire = { body: '', envelope: '' };
    if (isDamaged) return { wire, fault: DAMAGED };
    try {
      return { wire: openWire(this.vault, key, sealed), fault: undefined };
    } catch (error) {
      const isKeyMissing = error instanceof SealError && error.isKeyMissing;
      return { wire, fault: isKeyMissing ? `the entry ${error.message}` : DAMAGED };
    }
  }
}
