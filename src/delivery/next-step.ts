import type { DeliveryOutcome } from '../destinations/destination';
import type { NextStep } from '../outbox/outbox';
import { SETTLE } from '../outbox/settle';
import { retryDelayMs, type RetryPolicy } from './retry-policy';

/** After a refused credential: how long until it is tried again, in case it was renewed. */
export const PAUSE_MS = 8_000;

export interface AttemptFacts {
  /** Attempts made, this one included. */
  readonly attempts: number;
  /** How long ago the entry was accepted. */
  readonly pendingMs: number;
  /** From 0 (inclusive) to 1 (exclusive); one draw per batch keeps a batch together. */
  readonly random: number;
  /** How long nothing should be sent, because the platform is down; 0 if it is not. */
  readonly openForMs: number;
}

/** What to do with an entry after one attempt. Pure. */
export function nextStep(
  outcome: DeliveryOutcome,
  facts: AttemptFacts,
  retry: RetryPolicy,
): NextStep {
  switch (outcome.kind) {
    case 'delivered':
      return SETTLE;
    case 'rejected':
      return { kind: 'dead-letter', reason: outcome.reason };
    case 'batch-refused':
      // Here the batch has been halved down to this one event: it is the culprit.
      return { kind: 'dead-letter', reason: outcome.reason };
    case 'permanent':
      return { kind: 'pause-destination', delayMs: PAUSE_MS, reason: outcome.reason };
    case 'retryable': {
      const { attempts, pendingMs, random, openForMs } = facts;
      const { retryAfterMs, reason } = outcome;
      const delayMs = retryDelayMs(retry, attempts, retryAfterMs, random);
      if (pendingMs + delayMs >= retry.horizonMs)
        return { kind: 'dead-letter', reason: `gave up after ${attempts} attempts: ${reason}` };
      // A platform that asks for time means all of us, and one that is down is down for all.
      const isForAll = openForMs > 0 || retryAfterMs !== undefined;
      return isForAll
        ? {
            kind: 'pause-destination',
            delayMs: Math.max(openForMs, retryAfterMs === undefined ? 0 : delayMs),
            reason,
          }
        : { kind: 'retry', delayMs, reason };
    }
  }
}
