import { groupIntoBatches } from './batches';

const wire = (envelope: string, body = '{}') => ({ envelope, body });

describe('groupIntoBatches', () => {
  const limits = { maxBatchEvents: 2, maxBatchBytes: 10_000 };

  it.each([
    ['one envelope', [wire('a'), wire('a')], [[0, 1]]],
    ['at most maxBatchEvents', [wire('a'), wire('a'), wire('a')], [[0, 1], [2]]],
    [
      'envelopes apart, in order',
      [wire('a'), wire('b'), wire('a'), wire('b')],
      [
        [0, 2],
        [1, 3],
      ],
    ],
    ['nothing', [], []],
    [
      'at most maxBatchBytes, counted in UTF-8',
      [wire('', 'é'.repeat(3_000)), wire('', 'é'.repeat(3_000))],
      [[0], [1]],
    ],
    ['an event over the limit by itself', [wire('', 'x'.repeat(20_000)), wire('')], [[0], [1]]],
  ])('keeps %s together', (_rule, wires, batches) => {
    expect(groupIntoBatches(wires, limits)).toEqual(batches);
  });
});
