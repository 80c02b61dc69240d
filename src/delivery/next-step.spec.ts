import type { DeliveryOutcome } from '../destinations/destination';
import type { NextStep } from '../outbox/outbox';
import { nextStep } from './next-step';
import { DEFAULT_RETRY } from './retry-policy';

const HOUR_MS = 3_600_000;

describe('nextStep', () => {
  it.each<[string, DeliveryOutcome, number, NextStep['kind']]>([
    ['settles what was delivered', { kind: 'delivered' }, 0, 'settle'],
    ['buries what will never pass', { kind: 'rejected', reason: 'bad' }, 0, 'dead-letter'],
    [
      'buries the culprit of a refused batch',
      { kind: 'batch-refused', reason: 'bad' },
      0,
      'dead-letter',
    ],
    ['retries what may pass later', { kind: 'retryable', reason: 'down' }, 23 * HOUR_MS, 'retry'],
    [
      'gives up past the horizon',
      { kind: 'retryable', reason: 'down' },
      24 * HOUR_MS,
      'dead-letter',
    ],
    [
      'pauses where a person must act, however old the entry',
      { kind: 'permanent', reason: 'token' },
      99 * HOUR_MS,
      'pause-destination',
    ],
  ])('%s', (_rule, outcome, pendingMs, kind) => {
    expect(nextStep(outcome, { attempts: 1, pendingMs, random: 0.5 }, DEFAULT_RETRY).kind).toBe(
      kind,
    );
  });
});
