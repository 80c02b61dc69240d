import type { EventName } from './events/tracking-event';

/** What both sides need to agree on about one event; nothing about a person. */
export interface SentEvent {
  /** As the platform calls it: `Purchase`. */
  readonly name: string;
  readonly eventName: EventName;
  readonly eventId: string;
  /** Unix milliseconds. */
  readonly occurredAtMs: number;
}

/** The last events that this process made for each destination. */
export class SentEvents {
  /** Of each destination. */
  static readonly KEPT = 1_000;

  private readonly rings = new Map<string, { readonly events: SentEvent[]; next: number }>();

  note(destination: string, event: SentEvent): void {
    let ring = this.rings.get(destination);
    if (ring === undefined) this.rings.set(destination, (ring = { events: [], next: 0 }));
    ring.events[ring.next] = event;
    ring.next = (ring.next + 1) % SentEvents.KEPT;
  }

  /** In no order. */
  of(destination: string): readonly SentEvent[] {
    return this.rings.get(destination)?.events ?? [];
  }
}
