import type { DeliveryOutcome } from '../destinations/destination';
import type { NextStep } from '../outbox/outbox';
import { retryDelayMs, type RetryPolicy } from './retry-policy';

/** After a refused credential: how long until it is tried again, in case it was renewed. */
export const PAUSE_MS = 60_000;

export interface AttemptFacts {
  /** Attempts made, this one included. */
  readonly attempts: number;
  /** How long ago the entry was accepted. */
  readonly pendingMs: number;
  /** From 0 (inclusive) to 1 (exclusive); one draw per batch keeps a batch together. */
  readonly random: number;
}

/** What to do with an entry after one attempt. Pure. */
export function nextStep(
  outcome: DeliveryOutcome,
  facts: AttemptFacts,
  retry: RetryPolicy,
): NextStep {
  switch (outcome.kind) {
    case 'delivered':
      return { kind: 'settle' };
    case 'rejected':
      return { kind: 'dead-letter', reason: outcome.reason };
    case 'batch-refused':
      // Here the batch has been halved down to this one event: it is the culprit.
      return { kind: 'dead-letter', reason: outcome.reason };
    case 'permanent':
      return { kind: 'pause-destination', delayMs: PAUSE_MS, reason: outcome.reason };
    case 'retryable': {
      const delayMs = retryDelayMs(retry, facts.attempts, outcome.retryAfterMs, facts.random);
      return facts.pendingMs + delayMs < retry.horizonMs
        ? { kind: 'retry', delayMs, reason: outcome.reason }
        : {
            kind: 'dead-letter',
            reason: `gave up after ${facts.attempts} attempts: ${outcome.reason}`,
          };
    }
  }
}
