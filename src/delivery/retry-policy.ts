export interface RetryPolicy {
  /** Upper bound of the first delay; doubles with each attempt. */
  readonly baseDelayMs: number;
  /** No delay is longer, whatever a platform asks for. */
  readonly maxDelayMs: number;
  /** An entry that could not be delivered for so long becomes a dead letter. Under the dedup window of 48 h. */
  readonly horizonMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = {
  baseDelayMs: 1_000,
  maxDelayMs: 15 * 60_000,
  horizonMs: 24 * 3_600_000,
};

/** A platform that asks for no delay at all would be asked again in a tight loop. */
const MIN_DELAY_MS = 100;

/**
 * How long to wait after the `attempts`-th failed attempt (1 or more): exponential with full jitter, or
 * what the platform asked for, within bounds.
 *
 * @param random from 0 (inclusive) to 1 (exclusive).
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function retryDelayMs(
  policy: RetryPolicy,
  attempts: number,
  retryAfterMs: number | undefined,
  random: number,
): number {
  if (retryAfterMs !== undefined) return boundedDelayMs(policy, retryAfterMs);
  const ceiling = Math.min(policy.baseDelayMs * 2 ** Math.min(attempts - 1, 30), policy.maxDelayMs);
  return boundedDelayMs(policy, Math.round(ceiling * random));
}

/** No tight loop, and no longer than the policy allows. */
export function boundedDelayMs({ maxDelayMs }: RetryPolicy, delayMs: number): number {
  return Math.min(Math.max(delayMs, MIN_DELAY_MS), maxDelayMs);
}
