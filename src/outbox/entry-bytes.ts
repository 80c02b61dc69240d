import { wireBytes } from '../events/packed-wire';
import type { OutboxEntry } from './outbox';

/** Keys, names, times and the storage's own book-keeping. */
const OVERHEAD_BYTES = 250;

/** What an entry takes, near enough to bound a storage by: text counts one byte a character. */
export function entryBytes(entry: OutboxEntry): number {
  return storedBytes(entry, wireBytes(entry.wire));
}

/** The same where it is known what the wire event takes. */
export function storedBytes(
  { key, eventId }: Pick<OutboxEntry, 'key' | 'eventId'>,
  bytesOfWire: number,
): number {
  return bytesOfWire + key.length + eventId.length + OVERHEAD_BYTES;
}
