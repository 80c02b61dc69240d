import type { WireEvent } from '../events/wire-event';

/** A request's body in one piece: the events with commas between them, and what stands around them. */
export function requestBody(head: string, batch: readonly WireEvent[], tail: string): string {
  const parts = [head];
  // Joined once: a text that is added to is copied again when it is sent.
  for (const { body } of batch) parts.push(parts.length === 1 ? '' : ',', body);
  parts.push(tail);
  return parts.join('');
}
