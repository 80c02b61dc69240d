import { randomBytes } from 'node:crypto';

import type { OutboxEntry } from './outbox';
import { SeenEvents } from './seen-events';
import { eventOfKey, hashText } from './seen-mark';

/** An event has this many destinations, one bit each; keys of more of them stand for themselves. */
const MAX_BITS = 32;

/**
 * Idempotency keys of the last while, bounded in time and in the number of events; beyond either the oldest go. An event
 * takes some 32 bytes for all of its destinations, none of them on the heap, where a million texts would be in the way.
 */
export class SeenKeys {
  private readonly events = new SeenEvents();
  private readonly bits = new Map<string, number>();
  /** So that nobody can prepare events that lie in one place of a table. */
  private readonly salt = randomBytes(16).toString('hex');
  /** What was looked for last: the entries of an event come one after the other. */
  private last = { event: '', hash: '' };

  constructor(
    private readonly windowMs: number,
    private readonly maxEvents: number,
  ) {}

  has(entry: Pick<OutboxEntry, 'key' | 'destination'>, nowMs: number): boolean {
    this.events.forgetUntil(nowMs);
    const { hash, bit } = this.markOf(entry);
    return this.events.has(hash, bit);
  }

  /** From now on it has been seen. Ask before: this does not look. */
  add(entry: Pick<OutboxEntry, 'key' | 'destination'>, nowMs: number): void {
    const { hash, bit } = this.markOf(entry);
    this.events.add(hash, bit, nowMs + this.windowMs);
    if (this.events.size > this.maxEvents) this.events.forgetFirst();
  }

  private markOf(entry: Pick<OutboxEntry, 'key' | 'destination'>): { hash: string; bit: number } {
    const event = eventOfKey(entry);
    const bit = event === undefined ? undefined : this.bitFor(entry.destination);
    return event === undefined || bit === undefined
      ? { hash: this.hashOf(entry.key), bit: 1 }
      : { hash: this.hashOf(event), bit };
  }

  private hashOf(event: string): string {
    if (event !== this.last.event) this.last = { event, hash: hashText(this.salt + event) };
    return this.last.hash;
  }

  private bitFor(destination: string): number | undefined {
    let bit = this.bits.get(destination);
    if (bit === undefined && this.bits.size < MAX_BITS) {
      bit = 2 ** this.bits.size;
      this.bits.set(destination, bit);
    }
    return bit;
  }
}
