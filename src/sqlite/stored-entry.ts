import type { WireEvent } from '../events/wire-event';
import type { LeasedEntry, OutboxEntry } from '../outbox/outbox';
import type { HeldGroup } from './held-group';

type EntryFacts = Omit<OutboxEntry, 'destination' | 'priority' | 'wire'>;

/** An entry as this process holds it. */
export interface StoredEntry extends LeasedEntry {
  /** Where it lies, unless in a row of its own. */
  readonly group: HeldGroup | undefined;
  /** Its place in the group, or its row. */
  readonly place: number;
  /** Under which lease it is held. */
  readonly owner: number;
  readonly dueAtMs: number;
  /** What it takes, as it is counted. */
  readonly bytes: number;
  /** Why it cannot be handed over, if it cannot: its wire event is empty then. */
  readonly fault?: string | undefined;
  attempts: number;
}

/** Nobody holds the entry. */
export const NOBODY = 0;

export const DAMAGED = 'the entry was damaged on the disk';

/** An entry of a group, not yet tried. */
export function entryAt(
  group: HeldGroup,
  place: number,
  facts: EntryFacts,
  bytes: number,
  wire: WireEvent,
  fault?: string,
): StoredEntry {
  const { destination, priority, dueAtMs, owner } = group.facts;
  return {
    group,
    place,
    owner,
    dueAtMs,
    key: facts.key,
    destination,
    eventId: facts.eventId,
    eventName: facts.eventName,
    occurredAtMs: facts.occurredAtMs,
    acceptedAtMs: facts.acceptedAtMs,
    priority,
    subjects: facts.subjects,
    consentAtMs: facts.consentAtMs,
    wire,
    attempts: 0,
    bytes,
    fault,
  };
}
