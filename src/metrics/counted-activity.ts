import type { TrackingActivity } from '../outbox/activity';

/** What happens to one entry; the others happen to a lane. */
export type CountedKind = Exclude<TrackingActivity['kind'], 'paused' | 'resumed'>;

/** What each counter counts, in words for its description. */
export const COUNTED: Readonly<Record<CountedKind, string>> = {
  accepted: 'Events that were stored for the destination',
  delivered: 'Events that the platform took',
  retried: 'Failed attempts at an event that is tried again',
  'dead-lettered': 'Events that were given up and kept as dead letters',
  expired: 'Events that had become older than the platform takes',
  dropped: 'Accepted events that were thrown away: to make room, or not to be sent any more',
  duplicate: 'Events that were not stored because they had been accepted before',
  refused: 'Events that were not stored because the storage was full or out of reach',
};

export const COUNTED_KINDS = Object.keys(COUNTED) as readonly CountedKind[];

/** `dead_lettered`: as it stands in the name of a counter. */
export function inName(kind: CountedKind): string {
  return kind.replace('-', '_');
}

/**
 * Upper bounds of the delivery delay in seconds: from a platform that answers at once to an entry that was
 * tried for a day.
 */
export const DELAY_BOUNDS_SECONDS = [
  0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 21_600, 86_400,
];
