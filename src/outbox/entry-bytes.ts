import type { OutboxEntry } from './outbox';

/** Keys, names, times and the storage's own book-keeping. */
const OVERHEAD_BYTES = 250;

/** What an entry takes, near enough to bound a storage by: text counts one byte a character. */
export function entryBytes(entry: OutboxEntry): number {
  return storedBytes(entry, entry.wire.body.length + entry.wire.envelope.length);
}

/** The same where it is known what the wire event takes. */
export function storedBytes(
  { key, eventId }: Pick<OutboxEntry, 'key' | 'eventId'>,
  wireBytes: number,
): number {
  return wireBytes + key.length + eventId.length + OVERHEAD_BYTES;
}
