import type { HttpAnswer } from '../../transport/http-answer';
import type { DeliveryOutcome } from '../destination';
import { readTikTokResponse } from './tiktok.response';

const NOW = Date.UTC(2026, 0, 15, 10);

function code(value: number, message = 'text with jane@example.com', status = 200): HttpAnswer {
  return {
    kind: 'answered',
    status,
    headers: {},
    json: { code: value, message, request_id: 'r1', data: {} },
  };
}

describe('readTikTokResponse', () => {
  it.each<[string, HttpAnswer, DeliveryOutcome['kind']]>([
    ['delivers at code 0', code(0), 'delivered'],
    ['delivers at the partial success', code(20001), 'delivered'],
    ['pauses without permission', code(40001), 'permanent'],
    ['pauses at an unknown pixel', code(40007), 'permanent'],
    ...[40101, 40102, 40104, 40105].map((value): [string, HttpAnswer, DeliveryOutcome['kind']] => [
      `pauses at ${value}`,
      code(value),
      'permanent',
    ]),
    ['retries at 40100, which is a rate limit', code(40100), 'retryable'],
    ['retries at an internal error inside HTTP 200', code(50000), 'retryable'],
    ['retries at 51999', code(51999), 'retryable'],
    ['rejects an invalid parameter of an event alone', code(40002), 'rejected'],
    ['rejects an unknown 4xxxx of an event alone', code(40999), 'rejected'],
    [
      'retries HTML at 502',
      { kind: 'answered', status: 502, headers: {}, json: undefined },
      'retryable',
    ],
    [
      'retries a 200 without a code',
      { kind: 'answered', status: 200, headers: {}, json: {} },
      'retryable',
    ],
    ['retries at HTTP 429', code(40000, '', 429), 'retryable'],
    [
      'retries when no answer came',
      { kind: 'no-answer', reason: 'ECONNRESET', mayHaveArrived: true },
      'retryable',
    ],
  ])('%s', (_rule, answer, kind) => {
    expect(readTikTokResponse(answer, 1, NOW)).toEqual([expect.objectContaining({ kind })]);
  });

  it('rejects the entry that the message names, and has its neighbours sent again', () => {
    const outcomes = readTikTokResponse(
      code(40002, 'Batch.1.properties.contents.0.content_id: Not a valid string'),
      3,
      NOW,
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual(['retryable', 'rejected', 'retryable']);
    expect(outcomes[1]).toMatchObject({
      reason: expect.stringContaining('properties.contents.0.content_id') as string,
    });
  });

  it.each(['Invalid parameters', 'Batch.9.user: bad', 'Batch.x.user: bad', ''])(
    'refuses the batch at "%s"',
    (message) => {
      const outcomes = readTikTokResponse(code(40002, message), 2, NOW);
      expect(outcomes.map(({ kind }) => kind)).toEqual(['batch-refused', 'batch-refused']);
    },
  );

  it('waits at least a minute when throttled', () => {
    expect(readTikTokResponse(code(40100), 1, NOW)).toEqual([
      expect.objectContaining({ retryAfterMs: 60_000 }),
    ]);
  });

  it('repeats no text of the platform, which may echo input', () => {
    for (const value of [40001, 40002, 40100, 40105, 40999, 50000]) {
      expect(JSON.stringify(readTikTokResponse(code(value), 1, NOW))).not.toContain('jane@');
    }
  });
});
