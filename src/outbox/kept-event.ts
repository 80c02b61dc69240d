import type { KeptEvent, OutboxEntry } from './outbox';

export function keptEvent(
  {
    destination,
    eventName,
    eventId,
    acceptedAtMs,
  }: Pick<OutboxEntry, 'destination' | 'eventName' | 'eventId' | 'acceptedAtMs'>,
  state: KeptEvent['state'],
): KeptEvent {
  return { destination, eventName, eventId, acceptedAtMs, state };
}

export function oldestFirst(events: readonly KeptEvent[]): readonly KeptEvent[] {
  return events.toSorted((a, b) => a.acceptedAtMs - b.acceptedAtMs);
}
