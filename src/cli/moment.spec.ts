import { readMoment } from './moment';

const NOW_MS = Date.UTC(2026, 0, 15, 10);

describe('readMoment', () => {
  it.each<[string, string, number | undefined]>([
    ['takes a day as its midnight in UTC', '2026-01-14', Date.UTC(2026, 0, 14)],
    ['takes a time with its zone', '2026-01-14T12:30:00+02:00', Date.UTC(2026, 0, 14, 10, 30)],
    ['takes an age in minutes', '30m', Date.UTC(2026, 0, 15, 9, 30)],
    ['takes an age in hours', '12h', Date.UTC(2026, 0, 14, 22)],
    ['takes an age in days', '7d', Date.UTC(2026, 0, 8, 10)],
    ['takes an age in weeks', '2w', Date.UTC(2026, 0, 1, 10)],
    ['knows no day that does not exist', '2026-13-01', undefined],
    ['does not guess a number', '1700000000', undefined],
    ['does not guess a word', 'yesterday', undefined],
    ['does not guess another order', '15.01.2026', undefined],
    ['wants an age to have a unit that it knows', '7y', undefined],
    ['wants something', '', undefined],
  ])('%s', (_rule, text, expected) => {
    expect(readMoment(text, NOW_MS)).toBe(expected);
  });
});
