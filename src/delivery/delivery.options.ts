import type { OverflowPolicy } from '../outbox/outbox-settings';

/** How one destination is delivered to; what is left out has the destination's own default. */
export interface LaneOverrides {
  /** At most so many events in one request; never more than the platform takes. */
  readonly maxBatchEvents?: number | undefined;
  /** How many requests may be under way at once. */
  readonly concurrency?: number | undefined;
  /** The most requests that are started in one second, by this process. Default: as many as it takes. */
  readonly maxRequestsPerSecond?: number | undefined;
  /** How long an event waits for company. */
  readonly lingerMs?: number | undefined;
  /** Deadline of one request. */
  readonly timeoutMs?: number | undefined;
  /** An event that could not be delivered for so long becomes a dead letter. */
  readonly retryHorizonMs?: number | undefined;
  /** Upper bound of the first retry delay; doubles with each attempt. */
  readonly retryBaseDelayMs?: number | undefined;
}

/** What this process does: `accept` leaves the delivery to others that share the storage. */
export type DeliveryRole = 'accept' | 'deliver' | 'both';

export const DELIVERY_ROLES = ['accept', 'deliver', 'both'] as const;

export interface DeliveryOptions {
  /** Default `both`. `accept` keeps web processes light; it needs a storage that others share. */
  readonly role?: DeliveryRole | undefined;
  /**
   * Given a promise with every event, which resolves when all of its destinations have settled: what a
   * serverless platform calls so, to keep the function alive after its answer.
   */
  readonly waitUntil?: ((work: Promise<unknown>) => void) | undefined;
  /** How long the shutdown of the application may wait for pending events. Default 5,000. */
  readonly shutdownTimeoutMs?: number | undefined;
  /** The most pending entries per destination. Default 100,000 in memory, 1,000,000 elsewhere. */
  readonly maxPendingEntries?: number | undefined;
  /** The most bytes of pending entries per destination. Default 256 MiB in memory, 4 GiB elsewhere. */
  readonly maxPendingBytes?: number | undefined;
  /** What happens to a new event over these bounds. Default `reject-new`: nothing accepted is thrown away. */
  readonly overflow?: OverflowPolicy | undefined;
  /** How long an event ID is remembered, so that it is accepted once. Default 48 hours. */
  readonly idempotencyWindowMs?: number | undefined;
  /** How long dead letters are kept. Default 30 days. */
  readonly deadLetterTtlMs?: number | undefined;
}

export const LANE_DEFAULTS: Required<
  Omit<LaneOverrides, 'maxBatchEvents' | 'maxRequestsPerSecond'>
> = {
  concurrency: 4,
  lingerMs: 20,
  timeoutMs: 10_000,
  retryHorizonMs: 24 * 3_600_000,
  retryBaseDelayMs: 1_000,
};

export const DEFAULT_SHUTDOWN_TIMEOUT_MS = 5_000;
