import { SeenKeys } from './seen-keys';

describe('SeenKeys', () => {
  it('knows a key until its window is over, which does not begin anew', () => {
    const seen = new SeenKeys(100, 10);
    expect([seen.add('a', 0), seen.add('a', 99), seen.add('b', 99)]).toEqual([true, false, true]);
    expect([seen.add('a', 100), seen.add('b', 100)]).toEqual([true, false]);
  });

  it('lets the oldest go beyond its number', () => {
    const seen = new SeenKeys(100, 2);
    for (const key of ['a', 'b', 'c']) seen.add(key, 0);
    expect(['c', 'b', 'a'].map((key) => seen.add(key, 1))).toEqual([false, false, true]);
  });

  it('takes the last back, so that it is new once more and keeps its own time', () => {
    const seen = new SeenKeys(100, 10);
    seen.add('a', 0);
    seen.add('b', 0);
    seen.takeBack();
    expect([seen.add('a', 50), seen.add('b', 50)]).toEqual([false, true]);
    expect([seen.add('a', 120), seen.add('b', 120)]).toEqual([true, false]);
  });

  it('keeps its number through many keys', () => {
    const seen = new SeenKeys(1_000_000, 500);
    for (let at = 0; at < 5_000; at += 1) seen.add(`key-${at}`, at);
    const latest = Array.from({ length: 500 }, (_unused, at) => `key-${4_500 + at}`);
    expect(latest.filter((key) => seen.add(key, 5_000))).toEqual([]);
    expect(seen.add('key-4499', 5_000)).toBe(true);
  });
});
