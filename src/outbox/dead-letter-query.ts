import type { DeadLetter, DeadLetterQuery, OutboxEntry } from './outbox';

export const DEFAULT_DEAD_LETTER_LIMIT = 100;

/** What of a dead letter can be asked for. */
interface Judged extends Pick<DeadLetter, 'reason' | 'atMs'> {
  readonly entry: Omit<OutboxEntry, 'wire'>;
}

/** Whether a dead letter is one of those that are asked for, whatever the limit. */
export function isAskedFor({ entry, reason, atMs }: Judged, query: DeadLetterQuery): boolean {
  return (
    (query.destination === undefined || entry.destination === query.destination) &&
    (query.eventName === undefined || entry.eventName === query.eventName) &&
    (query.eventId === undefined || entry.eventId === query.eventId) &&
    (query.keys === undefined || query.keys.includes(entry.key)) &&
    (query.reason === undefined || reason.toLowerCase().includes(query.reason.toLowerCase())) &&
    (query.beforeMs === undefined || atMs < query.beforeMs)
  );
}
