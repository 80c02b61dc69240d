import type { HttpAnswer } from '../../transport/http-answer';
import type { DeliveryOutcome } from '../destination';
import { readGa4Response, readGa4Validation } from './ga4.response';

const NOW = Date.UTC(2026, 0, 15, 10);
const PURCHASE = {
  envelope: '{}',
  body: '{"name":"purchase","timestamp_micros":1,"params":{"transaction_id":"1"}}',
};
const LOGIN = { envelope: '{}', body: '{"name":"login","timestamp_micros":1,"params":{}}' };

function status(value: number, json?: unknown): HttpAnswer {
  return { kind: 'answered', status: value, headers: {}, json };
}

describe('readGa4Response', () => {
  it.each<[number, DeliveryOutcome['kind']]>([
    [204, 'delivered'],
    [200, 'delivered'],
    [429, 'retryable'],
    [500, 'retryable'],
    [503, 'retryable'],
    [400, 'rejected'],
    [413, 'batch-refused'],
    [302, 'permanent'],
    [401, 'permanent'],
    [403, 'permanent'],
    [404, 'permanent'],
  ])('%d: %s', (value, kind) => {
    expect(readGa4Response(status(value), [LOGIN], NOW)).toEqual([
      expect.objectContaining({ kind }),
    ]);
  });

  it('retries every event when the request surely did not arrive', () => {
    const answer: HttpAnswer = { kind: 'no-answer', reason: 'ECONNREFUSED', mayHaveArrived: false };
    expect(readGa4Response(answer, [PURCHASE, LOGIN], NOW).map(({ kind }) => kind)).toEqual([
      'retryable',
      'retryable',
    ]);
  });

  it('retries only purchases when nobody knows, because nothing else is deduplicated', () => {
    const answer: HttpAnswer = { kind: 'no-answer', reason: 'deadline', mayHaveArrived: true };
    expect(readGa4Response(answer, [PURCHASE, LOGIN], NOW).map(({ kind }) => kind)).toEqual([
      'retryable',
      'rejected',
    ]);
  });
});

describe('readGa4Validation', () => {
  const message = {
    fieldPath: 'events',
    description: 'jane@example.com',
    validationCode: 'NAME_INVALID',
  };

  it.each<[string, HttpAnswer, number, DeliveryOutcome['kind']]>([
    ['passes what has no messages', status(200, { validationMessages: [] }), 1, 'delivered'],
    ['rejects what has some', status(200, { validationMessages: [message] }), 1, 'rejected'],
    [
      'refuses a batch with some',
      status(200, { validationMessages: [message] }),
      2,
      'batch-refused',
    ],
    ['retries without their JSON', status(500), 1, 'retryable'],
  ])('%s', (_rule, answer, sent, kind) => {
    expect(readGa4Validation(answer, new Array(sent).fill(LOGIN), NOW)[0]?.kind).toBe(kind);
  });

  it('says code and path, and never the description, which echoes input', () => {
    expect(readGa4Validation(status(200, { validationMessages: [message] }), [LOGIN], NOW)).toEqual(
      [{ kind: 'rejected', reason: 'GA4 validation: NAME_INVALID at events' }],
    );
  });
});
