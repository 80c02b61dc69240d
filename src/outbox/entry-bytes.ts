import type { OutboxEntry } from './outbox';

/** Keys, names, times and the storage's own book-keeping. */
const OVERHEAD_BYTES = 250;

/** What an entry takes, near enough to bound a storage by: text counts one byte a character. */
export function entryBytes({ wire, key, eventId }: OutboxEntry): number {
  return wire.body.length + wire.envelope.length + key.length + eventId.length + OVERHEAD_BYTES;
}
