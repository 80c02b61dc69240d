import { hash } from 'node:crypto';

import type { OutboxEntry } from './outbox';

/** What all destinations of an event have in common of their idempotency keys, which are `destination|event…`. */
export function eventOfKey({
  key,
  destination,
}: Pick<OutboxEntry, 'key' | 'destination'>): string | undefined {
  const start = destination.length;
  return key.charAt(start) === '|' && key.startsWith(destination) ? key.slice(start) : undefined;
}

/** 32 bytes of SHA-256, one per character: a quarter of what it takes to get them as a buffer. */
export function hashText(event: string): string {
  return hash('sha256', event, 'binary');
}
