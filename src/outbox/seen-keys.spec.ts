import { SeenKeys } from './seen-keys';

describe('SeenKeys', () => {
  it('knows a key until its window is over', () => {
    const seen = new SeenKeys(100, 10);
    seen.add('a', 0);
    expect([seen.has('a', 99), seen.has('a', 100), seen.has('b', 0)]).toEqual([true, false, false]);
  });

  it('lets the oldest go beyond its number', () => {
    const seen = new SeenKeys(100, 2);
    for (const key of ['a', 'b', 'c']) seen.add(key, 0);
    expect(['a', 'b', 'c'].filter((key) => seen.has(key, 1))).toEqual(['b', 'c']);
  });

  it('counts a key that comes again as the latest', () => {
    const seen = new SeenKeys(100, 2);
    seen.add('a', 0);
    seen.add('b', 1);
    seen.add('a', 2);
    seen.add('c', 3);
    expect(['a', 'b', 'c'].filter((key) => seen.has(key, 4))).toEqual(['a', 'c']);
    expect(seen.has('a', 101)).toBe(true);
  });

  it('keeps its number through many keys', () => {
    const seen = new SeenKeys(1_000_000, 500);
    for (let at = 0; at < 5_000; at += 1) seen.add(`key-${at}`, at);
    const known = Array.from({ length: 5_000 }, (_unused, at) => `key-${at}`).filter((key) =>
      seen.has(key, 5_000),
    );
    expect(known).toEqual(Array.from({ length: 500 }, (_unused, at) => `key-${4_500 + at}`));
  });
});
