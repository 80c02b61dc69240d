import { hash } from 'node:crypto';

import type { OutboxEntry } from './outbox';

type Keyed = Pick<OutboxEntry, 'key' | 'destination'>;

const BAR = 0x7c;

/** What all destinations of an event have in common of their idempotency keys, which are `destination|event…`. */
export function eventOfKey(entry: Keyed): string | undefined {
  return isOfDestination(entry) ? entry.key.slice(entry.destination.length) : undefined;
}

/** Whether the key is of the form `destination|event…`. */
export function isOfDestination({ key, destination }: Keyed): boolean {
  return key.charCodeAt(destination.length) === BAR && key.startsWith(destination);
}

/** 32 bytes of SHA-256, one per character: a quarter of what it takes to get them as a buffer. */
export function hashText(event: string): string {
  return hash('sha256', event, 'binary');
}
