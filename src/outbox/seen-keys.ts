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
  private readonly events: SeenEvents;
  private readonly bits = new Map<string, number>();
  /** What was hashed last: the entries of an event come one after the other. */
  private hashed = { event: '', hash: hashText('') };
  private lastBits = 0;

  constructor(
    private readonly windowMs: number,
    private readonly maxEvents: number,
  ) {
    this.events = new SeenEvents();
  }

  /** @returns whether it had not been seen; from now on it has. */
  add(entry: Pick<OutboxEntry, 'key' | 'destination'>, nowMs: number): boolean {
    const { events } = this;
    events.forgetUntil(nowMs);
    const event = eventOfKey(entry);
    const bit = event === undefined ? undefined : this.bitFor(entry.destination);
    const isOwn = event === undefined || bit === undefined;
    const hash = this.hashOf(isOwn ? entry.key : event);
    const bits = isOwn ? 1 : bit;
    if (!events.add(hash, bits, nowMs + this.windowMs)) return false;
    this.lastBits = bits;
    if (events.size > this.maxEvents) events.forgetFirst();
    return true;
  }

  /** Takes the key that was added last back. */
  takeBack(): void {
    this.events.takeBack(this.lastBits);
  }

  private hashOf(event: string): string {
    if (event !== this.hashed.event) this.hashed = { event, hash: hashText(event) };
    return this.hashed.hash;
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
