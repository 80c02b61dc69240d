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
    expect(
      nextStep(outcome, { attempts: 1, pendingMs, random: 0.5, openForMs: 0 }, DEFAULT_RETRY).kind,
    ).toBe(kind);
  });

  it.each<[string, number | undefined, number, number]>([
    ['for as long as the platform asks', 5_000, 0, 5_000],
    ['for no longer than a quarter of an hour', 1e15, 0, 900_000],
    ['never in a tight loop', 0, 0, 100],
    ['while the platform is down', undefined, 4_000, 4_000],
    ['for the longer of the two', 2_000, 4_000, 4_000],
  ])('pauses all %s', (_rule, retryAfterMs, openForMs, delayMs) => {
    const outcome: DeliveryOutcome = {
      kind: 'retryable',
      reason: 'throttled',
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
    expect(
      nextStep(outcome, { attempts: 1, pendingMs: 0, random: 0.5, openForMs }, DEFAULT_RETRY),
    ).toEqual({ kind: 'pause-destination', delayMs, reason: 'throttled' });
  });
});
