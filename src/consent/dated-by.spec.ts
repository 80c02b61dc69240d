import { datedBy } from './dated-by';

describe('datedBy', () => {
  it.each<[number | undefined, number | undefined]>([
    [undefined, undefined],
    [999_000, 999_000],
    [1_000_000, 1_000_000],
    [1_050_000, 1_000_000],
    [1_060_001, undefined],
  ])('takes a date of %p as %p', (capturedAt, dated) => {
    const consent = { adStorage: 'granted', capturedAt } as const;
    expect(datedBy(1_000_000, consent)).toEqual({ adStorage: 'granted', capturedAt: dated });
  });
});
