import { hash } from 'node:crypto';

const MAX_PLAIN_LENGTH = 32;

/** The idempotency key as the server keeps it, for two days and by the million: short. */
export function keyHash(key: string): string {
  return key.length <= MAX_PLAIN_LENGTH ? key : hash('sha256', key, 'base64url').slice(0, 22);
}
