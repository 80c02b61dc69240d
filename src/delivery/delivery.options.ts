/** How one destination is delivered to; what is left out has the destination's own default. */
export interface LaneOverrides {
  /** At most so many events in one request; never more than the platform takes. */
  readonly maxBatchEvents?: number;
  /** How many requests may be under way at once. */
  readonly concurrency?: number;
  /** How long an event waits for company. */
  readonly lingerMs?: number;
  /** Deadline of one request. */
  readonly timeoutMs?: number;
  /** An event that could not be delivered for so long becomes a dead letter. */
  readonly retryHorizonMs?: number;
  /** Upper bound of the first retry delay; doubles with each attempt. */
  readonly retryBaseDelayMs?: number;
}

export interface DeliveryOptions {
  /** How long the shutdown of the application may wait for pending events. Default 5,000. */
  readonly shutdownTimeoutMs?: number;
  /** The most pending entries in memory per destination; over it new events are refused. Default 100,000. */
  readonly maxPendingEntries?: number;
}

export const LANE_DEFAULTS: Required<Omit<LaneOverrides, 'maxBatchEvents'>> = {
  concurrency: 4,
  lingerMs: 20,
  timeoutMs: 10_000,
  retryHorizonMs: 24 * 3_600_000,
  retryBaseDelayMs: 1_000,
};

export const DEFAULT_SHUTDOWN_TIMEOUT_MS = 5_000;
