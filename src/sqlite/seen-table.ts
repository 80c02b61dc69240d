import type { OutboxEntry } from '../outbox/outbox';
import { eventOfKey, hashText } from '../outbox/seen-mark';
import type { Database } from './libsql';
import { asBytes, textsOf, type TextRow } from './stored-text';

/** A row has this many destinations, one bit each; more of them get rows of their own. */
const MAX_BITS = 50;
const FIRST_HASH = -(2n ** 63n);

/** One event at one destination, as this table knows it. */
interface Mark {
  /** What all destinations of the event have in common. */
  readonly event: string;
  readonly bit: number;
}

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
    const marks = entries.map((entry) => this.markOf(entry));
    const isNew = new Array<boolean>(entries.length).fill(false);
    for (const [index, mark] of marks.entries()) {
      if (index > 0 && mark.event === marks[index - 1]?.event) continue;
      let end = index;
      let bits = 0;
      for (; marks[end]?.event === mark.event; end += 1) {
        const { bit } = marks[end] as Mark;
        isNew[end] = !hasBit(bits, bit);
        bits = withBit(bits, bit);
      }
      const before = this.mark(mark.event, bits, nowMs, windowMs);
      for (let at = index; at < end; at += 1) {
        if (hasBit(before, (marks[at] as Mark).bit)) isNew[at] = false;
      }
    }
    return isNew;
  }

  has(entry: OutboxEntry, nowMs: number): boolean {
    const { event, bit } = this.markOf(entry);
    return hasBit(this.bitsOf(hashOf(event), nowMs), bit);
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

  /** One that is of no destination stands for itself. */
  private markOf(entry: OutboxEntry): Mark {
    const event = eventOfKey(entry);
    const bit = event === undefined ? MAX_BITS : this.bitFor(entry.destination);
    return event === undefined || bit >= MAX_BITS ? { event: entry.key, bit: 0 } : { event, bit };
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
