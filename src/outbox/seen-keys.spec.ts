import { SeenKeys } from './seen-keys';

const entry = (key: string, destination = 'meta') => ({
  key: `${destination}|${key}`,
  destination,
});

describe('SeenKeys', () => {
  it('knows a key until its window is over, which does not begin anew', () => {
    const seen = new SeenKeys(100, 10);
    const add = (key: string, nowMs: number) => seen.add(entry(key), nowMs);
    expect([add('a', 0), add('a', 99), add('b', 99)]).toEqual([true, false, true]);
    expect([add('a', 100), add('b', 100)]).toEqual([true, false]);
  });

  it('knows destinations apart, and for each of them at least its window', () => {
    const seen = new SeenKeys(100, 10);
    const add = (destination: string, nowMs: number) => seen.add(entry('a', destination), nowMs);
    expect([add('meta', 0), add('tiktok', 0), add('meta', 1)]).toEqual([true, true, false]);
    seen.add(entry('b'), 50);
    expect([add('ga4', 80), add('ga4', 179), add('ga4', 180)]).toEqual([true, false, true]);
  });

  it('knows a key that is of no destination, and as many destinations as there are', () => {
    const seen = new SeenKeys(100, 100);
    const odd = { key: 'odd', destination: 'meta' };
    expect([seen.add(odd, 0), seen.add(odd, 0)]).toEqual([true, false]);
    const names = Array.from({ length: 40 }, (_unused, at) => `platform-${at}`);
    const addAll = () => names.map((name) => seen.add(entry('a', name), 0));
    expect(addAll()).toEqual(names.map(() => true));
    expect(addAll()).toEqual(names.map(() => false));
  });

  it('lets the oldest go beyond its number', () => {
    const seen = new SeenKeys(100, 2);
    for (const key of ['a', 'b', 'c']) seen.add(entry(key), 0);
    const add = (key: string) => seen.add(entry(key), 1);
    expect(['c', 'b', 'a'].map(add)).toEqual([false, false, true]);
  });

  it('takes the last back, so that it is new once more and keeps its own time', () => {
    const seen = new SeenKeys(100, 10);
    const add = (key: string, nowMs: number) => seen.add(entry(key), nowMs);
    add('a', 0);
    add('b', 0);
    seen.takeBack();
    expect([add('a', 50), add('b', 50)]).toEqual([false, true]);
    expect([add('a', 120), add('b', 120)]).toEqual([true, false]);
  });

  it('takes back one destination of an event alone', () => {
    const seen = new SeenKeys(100, 10);
    seen.add(entry('a'), 0);
    seen.add(entry('a', 'tiktok'), 0);
    seen.takeBack();
    expect([seen.add(entry('a'), 1), seen.add(entry('a', 'tiktok'), 1)]).toEqual([false, true]);
  });

  it('keeps its number through many keys', () => {
    const seen = new SeenKeys(1_000_000, 500);
    for (let at = 0; at < 5_000; at += 1) seen.add(entry(`key-${at}`), at);
    const latest = Array.from({ length: 500 }, (_unused, at) => entry(`key-${4_500 + at}`));
    expect(latest.filter((one) => seen.add(one, 5_000))).toEqual([]);
    expect(seen.add(entry('key-4499'), 5_000)).toBe(true);
  });
});
