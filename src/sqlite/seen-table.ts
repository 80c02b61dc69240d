import type { OutboxEntry } from '../outbox/outbox';
import { eventOfKey, hashText, isOfDestination } from '../outbox/seen-mark';
import type { Database } from './libsql';
import { asBytes, textsOf, type TextRow } from './stored-text';

/** A row has this many destinations, one bit each; more of them get rows of their own. */
const MAX_BITS = 50;
const FIRST_HASH = -(2n ** 63n);

/**
 * Idempotency keys of the last while. An event has one row for all of its destinations, because a row of
 * this table lies anywhere in it and costs a page.
 */
export class SeenTable {
  private readonly addNew;
  private readonly find;
  private readonly replace;
  private readonly slice;
  private readonly removeSome;
  private readonly bits = new Map<string, number>();
  private readonly readBits;
  private readonly addBit;
  private sweptTo = FIRST_HASH;

  constructor(database: Database) {
    this.addNew = database.prepare(
      'INSERT INTO seen (hash, expires_at, bits) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.find = database.prepare('SELECT bits FROM seen WHERE hash = ? AND expires_at > ?');
    this.replace = database.prepare('UPDATE seen SET expires_at = ?, bits = ? WHERE hash = ?');
    this.slice = database
      .prepare('SELECT hash, expires_at FROM seen WHERE hash > ? ORDER BY hash LIMIT ?')
      .safeIntegers(true);
    this.removeSome = database.prepare(
      'DELETE FROM seen WHERE hash > ? AND hash <= ? AND expires_at <= ?',
    );
    this.readBits = database.prepare(
      `SELECT bit, ${asBytes(['destination'])} FROM seen_destinations`,
    );
    this.addBit = database.prepare(
      'INSERT INTO seen_destinations (destination) VALUES (?) ON CONFLICT DO NOTHING',
    );
  }

  /**
   * Marks entries as seen from now on; they may be of several events.
   *
   * @returns for each whether it is new within the window.
   */
  add(entries: readonly OutboxEntry[], nowMs: number, windowMs: number): boolean[] {
    const isNew: boolean[] = [];
    while (isNew.length < entries.length) {
      const first = isNew.length;
      const event = this.eventOf(entries[first] as OutboxEntry);
      let bits = 0;
      for (let at = first; at < entries.length; at += 1) {
        const entry = entries[at] as OutboxEntry;
        if (at > first && this.eventOf(entry) !== event) break;
        const bit = this.bitOf(entry);
        isNew.push(!hasBit(bits, bit));
        bits = withBit(bits, bit);
      }
      const before = this.mark(event, bits, nowMs, windowMs);
      for (let at = first; before > 0 && at < isNew.length; at += 1)
        if (hasBit(before, this.bitOf(entries[at] as OutboxEntry))) isNew[at] = false;
    }
    return isNew;
  }

  has(entry: OutboxEntry, nowMs: number): boolean {
    return hasBit(this.bitsOf(hashOf(this.eventOf(entry)), nowMs), this.bitOf(entry));
  }

  /** Removes what has expired from the next slice of the table, and starts over at its end. */
  sweep(nowMs: number, rows: number): void {
    const slice = this.slice.all(this.sweptTo, rows) as { hash: bigint; expires_at: bigint }[];
    const last = slice.at(-1);
    if (last !== undefined && slice.some(({ expires_at }) => expires_at <= nowMs))
      this.removeSome.run(this.sweptTo, last.hash, nowMs);
    this.sweptTo = slice.length < rows || last === undefined ? FIRST_HASH : last.hash;
  }

  /** @returns the bits that were set before. */
  private mark(event: string, bits: number, nowMs: number, windowMs: number): number {
    const hash = hashOf(event);
    if (this.addNew.run(hash, nowMs + windowMs, bits).changes > 0) return 0;
    const before = this.bitsOf(hash, nowMs);
    const after = unionOf(before, bits);
    // An event that is new to one destination alone keeps the time of the others: it is the same event.
    if (after !== before) this.replace.run(nowMs + windowMs, after, hash);
    return before;
  }

  private bitsOf(hash: bigint, nowMs: number): number {
    const row = this.find.get(hash, nowMs) as { bits: number } | undefined;
    return row?.bits ?? 0;
  }

  /** What all destinations of the event have in common. One that is of no destination stands for itself. */
  private eventOf(entry: OutboxEntry): string {
    const event = eventOfKey(entry);
    return event === undefined || this.bitFor(entry.destination) >= MAX_BITS ? entry.key : event;
  }

  private bitOf(entry: OutboxEntry): number {
    const bit = isOfDestination(entry) ? this.bitFor(entry.destination) : MAX_BITS;
    return bit >= MAX_BITS ? 0 : bit;
  }

  private bitFor(destination: string): number {
    const known = this.bits.get(destination);
    if (known !== undefined) return known;
    this.addBit.run(destination);
    for (const row of this.readBits.all() as (TextRow<'destination'> & { bit: number })[])
      this.bits.set(textsOf(row, ['destination']).destination, row.bit);
    return this.bits.get(destination) ?? MAX_BITS;
  }

  /** What was learned in a transaction that did not happen may be wrong. */
  rolledBack(): void {
    this.bits.clear();
  }
}

/** More than 32 bits, so no bitwise operators. */
function hasBit(bits: number, bit: number): boolean {
  return Math.floor(bits / 2 ** bit) % 2 === 1;
}

function withBit(bits: number, bit: number): number {
  return hasBit(bits, bit) ? bits : bits + 2 ** bit;
}

function unionOf(a: number, b: number): number {
  let union = a;
  for (let bit = 0; bit < MAX_BITS; bit += 1) if (hasBit(b, bit)) union = withBit(union, bit);
  return union;
}

/** 64 bits of a SHA-256: that any two of a million keys are alike has a chance of one in 30 million. */
function hashOf(event: string): bigint {
  const text = hashText(event);
  for (let at = 0; at < EIGHT_BYTES.length; at += 1) EIGHT_BYTES[at] = text.charCodeAt(at);
  return EIGHT_BYTES_VIEW.getBigInt64(0, true);
}

const EIGHT_BYTES = new Uint8Array(8);
const EIGHT_BYTES_VIEW = new DataView(EIGHT_BYTES.buffer);
