import type { DeliveryOutcome } from '../destination';
import { readServerGtmResponse } from './server-gtm.response';

describe('readServerGtmResponse', () => {
  it.each<[number, DeliveryOutcome['kind']]>([
    [200, 'delivered'],
    [204, 'delivered'],
    [400, 'permanent'],
    [401, 'permanent'],
    [403, 'permanent'],
    [404, 'permanent'],
    [301, 'permanent'],
    [413, 'batch-refused'],
    [429, 'retryable'],
    [500, 'retryable'],
    [502, 'retryable'],
    [503, 'retryable'],
    [504, 'retryable'],
  ])('%d: %s', (status, kind) => {
    const outcomes = readServerGtmResponse(
      { kind: 'answered', status, headers: {}, json: undefined },
      2,
      0,
    );
    expect(outcomes.map((outcome) => outcome.kind)).toEqual([kind, kind]);
  });

  it('retries when no answer came: tags deduplicate by event ID', () => {
    const outcomes = readServerGtmResponse(
      { kind: 'no-answer', reason: 'deadline', mayHaveArrived: true },
      1,
      0,
    );
    expect(outcomes).toEqual([{ kind: 'retryable', reason: 'deadline' }]);
  });
});
