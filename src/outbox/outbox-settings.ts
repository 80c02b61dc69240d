/** What happens to a new entry when the outbox is full. */
export type OverflowPolicy =
  /** It is refused, and its receipt says so: nothing that was accepted is ever thrown away. */
  | 'reject-new'
  /** What has waited the longest makes room. */
  | 'drop-oldest'
  /** The oldest of the least urgent makes room, unless the new one is less urgent still. */
  | 'drop-lowest-priority';

export const OVERFLOW_POLICIES = ['reject-new', 'drop-oldest', 'drop-lowest-priority'] as const;

/** What every member of the outbox keeps to. */
export interface OutboxSettings {
  /** The most pending entries of one destination. */
  readonly maxPendingEntries: number;
  /** The most bytes of the pending entries of one destination, as they are stored. */
  readonly maxPendingBytes: number;
  readonly overflow: OverflowPolicy;
  /** How long an idempotency key is remembered. */
  readonly idempotencyWindowMs: number;
  /** A dead letter that is older is purged. */
  readonly deadLetterTtlMs: number;
}

const HOUR_MS = 3_600_000;

export const OUTBOX_DEFAULTS: OutboxSettings = {
  maxPendingEntries: 100_000,
  maxPendingBytes: 256 * 1024 * 1024,
  overflow: 'reject-new',
  /** The platforms' own window. */
  idempotencyWindowMs: 48 * HOUR_MS,
  deadLetterTtlMs: 30 * 24 * HOUR_MS,
};

/** On disk there is more room than in memory. */
export const DURABLE_DEFAULTS: OutboxSettings = {
  ...OUTBOX_DEFAULTS,
  maxPendingEntries: 1_000_000,
  maxPendingBytes: 4 * 1024 * 1024 * 1024,
};
