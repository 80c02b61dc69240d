import type { HttpAnswer } from '../../transport/http-answer';
import type { DeliveryOutcome } from '../destination';
import { readMetaResponse } from './meta.response';

const NOW = Date.UTC(2026, 0, 15, 10);

function answered(
  status: number,
  json?: unknown,
  headers: Record<string, string> = {},
): HttpAnswer {
  return { kind: 'answered', status, headers, json };
}

function error(code: number, more: object = {}): unknown {
  return {
    error: {
      message: 'text with jane@example.com',
      type: 'OAuthException',
      code,
      fbtrace_id: 'A6Uy',
      ...more,
    },
  };
}

describe('readMetaResponse', () => {
  it.each<[string, HttpAnswer, DeliveryOutcome['kind']]>([
    [
      'delivers when every event was received',
      answered(200, { events_received: 1, messages: [] }),
      'delivered',
    ],
    ['retries when fewer were received', answered(200, { events_received: 0 }), 'retryable'],
    ['retries a 200 without their JSON', answered(200), 'retryable'],
    [
      'retries when no answer came',
      { kind: 'no-answer', reason: 'ECONNRESET', mayHaveArrived: true },
      'retryable',
    ],
    ['retries an HTML page', answered(502), 'retryable'],
    [
      'retries what they call transient, whatever the code',
      answered(400, error(100, { is_transient: true })),
      'retryable',
    ],
    ...[4, 17, 32, 613, 80000, 80003, 80004, 80014].map(
      (code): [string, HttpAnswer, DeliveryOutcome['kind']] => [
        `retries the limit ${code}`,
        answered(400, error(code)),
        'retryable',
      ],
    ),
    ...[1, 2, 341, 5000, 21009].map((code): [string, HttpAnswer, DeliveryOutcome['kind']] => [
      `retries the trouble ${code}`,
      answered(500, error(code)),
      'retryable',
    ]),
    ...[190, 102, 3, 10, 200, 299, 294, 368].map(
      (code): [string, HttpAnswer, DeliveryOutcome['kind']] => [
        `pauses at ${code}`,
        answered(400, error(code)),
        'permanent',
      ],
    ),
    [
      'pauses at 190 even if the status is 500',
      answered(500, error(190, { error_subcode: 463 })),
      'permanent',
    ],
    ['pauses at an unknown dataset', answered(400, error(100, { error_subcode: 33 })), 'permanent'],
    ...[2804001, 2804003, 2804007, 2804009, 2804016, 2804017, 2804019, 2804048].map(
      (subcode): [string, HttpAnswer, DeliveryOutcome['kind']] => [
        `rejects an event alone at 100/${subcode}`,
        answered(400, error(100, { error_subcode: subcode })),
        'rejected',
      ],
    ),
    ['rejects a duplicate post', answered(400, error(506)), 'rejected'],
    ['rejects an unknown error of status 400', answered(400, error(123456)), 'rejected'],
    ['retries an unknown error of status 500', answered(500, error(123456)), 'retryable'],
    ['retries an error without a code at 500', answered(500, { error: 'oops' }), 'retryable'],
  ])('%s', (_rule, answer, kind) => {
    expect(readMetaResponse(answer, 1, NOW)).toEqual([expect.objectContaining({ kind })]);
  });

  it('looks for the culprit of an error that nobody listed', () => {
    const outcomes = readMetaResponse(answered(400, error(2635)), 2, NOW);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['batch-refused', 'batch-refused']);
  });

  it('refuses the batch where nobody says which event is bad', () => {
    const outcomes = readMetaResponse(
      answered(400, error(100, { error_subcode: 2804003 })),
      3,
      NOW,
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual([
      'batch-refused',
      'batch-refused',
      'batch-refused',
    ]);
  });

  it.each([
    ['an object', { blame_field_specs: [['data', 1, 'event_time']] }],
    ['JSON text', JSON.stringify({ blame_field_specs: [['data', 1, 'event_time']] })],
  ])(
    'rejects the event that error_data names as %s, and has its neighbours sent again',
    (_form, data) => {
      const outcomes = readMetaResponse(answered(400, error(100, { error_data: data })), 3, NOW);
      expect(outcomes.map(({ kind }) => kind)).toEqual(['retryable', 'rejected', 'retryable']);
      expect(outcomes[0]).toMatchObject({ retryAfterMs: 0 });
    },
  );

  it.each([
    [{ blame_field_specs: [['data', 99]] }],
    [{ blame_field_specs: 'x' }],
    ['{'],
    [7],
    [{ blame_field_specs: [[], null, ['data', -1]] }],
  ])('does not trust error_data %j', (data) => {
    const outcomes = readMetaResponse(answered(400, error(100, { error_data: data })), 2, NOW);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['batch-refused', 'batch-refused']);
  });

  it.each<[string, Record<string, string>, number]>([
    ['at least a minute', { 'retry-after': '5' }, 60_000],
    ['what Retry-After says', { 'retry-after': '300' }, 300_000],
    [
      'what the usage header says in minutes',
      {
        'x-business-use-case-usage': '{"1":[{"type":"ads","estimated_time_to_regain_access":19}]}',
      },
      1_140_000,
    ],
    ['a minute where nothing is said', {}, 60_000],
  ])('waits %s when throttled', (_rule, headers, retryAfterMs) => {
    expect(readMetaResponse(answered(400, error(4), headers), 1, NOW)).toEqual([
      expect.objectContaining({ retryAfterMs }),
    ]);
  });

  it('repeats no text of the platform, which may echo input', () => {
    for (const code of [1, 4, 100, 190, 200, 506, 9999]) {
      expect(JSON.stringify(readMetaResponse(answered(400, error(code)), 1, NOW))).not.toContain(
        'jane@',
      );
    }
  });
});
