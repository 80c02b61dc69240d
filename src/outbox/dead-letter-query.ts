import type { DeadLetter, DeadLetterQuery } from './outbox';

export const DEFAULT_DEAD_LETTER_LIMIT = 100;

/** Whether a dead letter is one of those that are asked for, whatever the limit. */
export function isAskedFor({ entry, reason, atMs }: DeadLetter, query: DeadLetterQuery): boolean {
  return (
    (query.destination === undefined || entry.destination === query.destination) &&
    (query.eventName === undefined || entry.eventName === query.eventName) &&
    (query.eventId === undefined || entry.eventId === query.eventId) &&
    (query.keys === undefined || query.keys.includes(entry.key)) &&
    (query.reason === undefined || reason.toLowerCase().includes(query.reason.toLowerCase())) &&
    (query.beforeMs === undefined || atMs < query.beforeMs)
  );
}
