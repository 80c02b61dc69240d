import type { OutboxEntry } from '../outbox/outbox';
import { readAbout } from './about';
import { textOf, type Bytes } from './stored-text';

/** What can be read of an entry without a key. */
export type Facts = Omit<OutboxEntry, 'destination' | 'priority' | 'wire'> & {
  readonly bytes: number;
};

/** A place that was emptied keeps what it took: that is still to be counted when it goes. */
export type Place = Facts | { readonly bytes: number; readonly key?: undefined };

type Row = [
  key: string,
  eventId: string,
  eventName: string,
  occurredAtMs: number,
  acceptedAtMs: number,
  bytes: number,
  about?: string,
];

const FIRST_BYTES = 16 * 1024;
/** Of a UTF-16 unit, in UTF-8 or escaped in JSON. */
const MAX_UNIT_BYTES = 6;
/** Of the marks and numbers between two texts. */
const MAX_MARK_BYTES = 128;
const BAR = 0x7c;
const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;
const FIRST_BEYOND_ASCII = 0x7f;

/**
 * Writes the facts of a group as JSON, names left out and places kept. Straight into the same memory each time: a
 * group has hundreds of rows, and all of them would be garbage at once.
 */
export class FactsWriter {
  private memory = Buffer.allocUnsafeSlow(FIRST_BYTES);
  private end = 0;
  /** Many come at the same time. */
  private last = { timeMs: 0, digits: '0' };

  /** @returns UTF-8 that is valid until the next call. */
  write(places: readonly Place[]): Uint8Array {
    this.end = 0;
    this.mark(OPEN);
    for (const place of places) {
      this.makeRoom(0);
      if (this.end > 1) this.mark(COMMA);
      if (place.key === undefined) this.number(place.bytes);
      else this.row(place);
    }
    this.mark(CLOSE);
    return this.memory.subarray(0, this.end);
  }

  private row(facts: Facts): void {
    this.mark(OPEN);
    this.text(facts.key);
    this.mark(COMMA);
    this.text(facts.eventId);
    this.mark(COMMA);
    this.text(facts.eventName);
    this.mark(COMMA);
    this.time(facts.occurredAtMs);
    this.mark(COMMA);
    this.time(facts.acceptedAtMs);
    this.mark(COMMA);
    this.number(facts.bytes);
    this.about(facts);
    this.mark(CLOSE);
  }

  /** As `writeAbout` does. */
  private about({ subjects, consentAtMs }: Facts): void {
    if (subjects === undefined && consentAtMs === undefined) return;
    this.mark(COMMA);
    this.mark(QUOTE);
    if (consentAtMs !== undefined) this.time(consentAtMs);
    this.mark(BAR);
    for (const subject of subjects ?? []) {
      this.characters(subject);
      this.mark(BAR);
    }
    this.mark(QUOTE);
  }

  private text(text: string): void {
    this.mark(QUOTE);
    this.characters(text);
    this.mark(QUOTE);
  }

  /** With room for some marks and a number behind them. */
  private characters(text: string): void {
    this.makeRoom(text.length * MAX_UNIT_BYTES);
    const { memory, end } = this;
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      if (!isPlain(unit)) {
        this.end = end + memory.write(JSON.stringify(text).slice(1, -1), end);
        return;
      }
      memory[end + at] = unit;
    }
    this.end = end + text.length;
  }

  private number(number: number): void {
    this.digits(String(number));
  }

  private time(timeMs: number): void {
    if (this.last.timeMs !== timeMs) this.last = { timeMs, digits: String(timeMs) };
    this.digits(this.last.digits);
  }

  private digits(digits: string): void {
    for (let at = 0; at < digits.length; at += 1) this.mark(digits.charCodeAt(at));
  }

  private mark(byte: number): void {
    this.memory[this.end] = byte;
    this.end += 1;
  }

  /** For so many more bytes, and for marks and numbers behind them. */
  private makeRoom(bytes: number): void {
    const most = this.end + bytes + MAX_MARK_BYTES;
    if (most <= this.memory.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * most);
    this.memory.copy(larger, 0, 0, this.end);
    this.memory = larger;
  }
}

/** Whether it stands in JSON as it is, as one byte. */
function isPlain(unit: number): boolean {
  return (
    unit >= FIRST_PRINTABLE && unit < FIRST_BEYOND_ASCII && unit !== QUOTE && unit !== BACKSLASH
  );
}

/** `undefined` where they cannot be read. */
export function readFacts(bytes: Bytes | null): readonly Place[] | undefined {
  const text = bytes === null ? undefined : textOf(bytes);
  if (text === undefined) return undefined;
  try {
    const rows = JSON.parse(text) as (Row | number)[];
    return rows.map((row): Place => {
      if (typeof row === 'number') return { bytes: row };
      const [key, eventId, eventName, occurredAtMs, acceptedAtMs, taken, about = ''] = row;
      const facts = { key, eventId, eventName, occurredAtMs, acceptedAtMs, bytes: taken };
      return about === '' ? facts : { ...facts, ...readAbout(about) };
    });
  } catch {
    // It is damaged, and whoever asks says so.
    return undefined;
  }
}
