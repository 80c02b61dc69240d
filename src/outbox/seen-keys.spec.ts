import { SeenKeys } from './seen-keys';

const entry = (key: string, destination = 'meta') => ({
  key: `${destination}|${key}`,
  destination,
});

/** What an outbox does that has room. */
function take(seen: SeenKeys, one: ReturnType<typeof entry>, nowMs: number): boolean {
  if (seen.has(one, nowMs)) return false;
  seen.add(one, nowMs);
  return true;
}

describe('SeenKeys', () => {
  it('knows a key until its window is over, which does not begin anew', () => {
    const seen = new SeenKeys(100, 10);
    const add = (key: string, nowMs: number) => take(seen, entry(key), nowMs);
    expect([add('a', 0), add('a', 99), add('b', 99)]).toEqual([true, false, true]);
    expect([add('a', 100), add('b', 100)]).toEqual([true, false]);
  });

  it('knows destinations apart, and for each of them at least its window', () => {
    const seen = new SeenKeys(100, 10);
    const add = (destination: string, nowMs: number) => take(seen, entry('a', destination), nowMs);
    expect([add('meta', 0), add('tiktok', 0), add('meta', 1)]).toEqual([true, true, false]);
    seen.add(entry('b'), 50);
    expect([add('ga4', 80), add('ga4', 179), add('ga4', 180)]).toEqual([true, false, true]);
  });

  it('knows a key that is of no destination, and as many destinations as there are', () => {
    const seen = new SeenKeys(100, 100);
    const odd = { key: 'odd', destination: 'meta' };
    expect([take(seen, odd, 0), take(seen, odd, 0)]).toEqual([true, false]);
    const names = Array.from({ length: 40 }, (_unused, at) => `platform-${at}`);
    const addAll = () => names.map((name) => take(seen, entry('a', name), 0));
    expect(addAll()).toEqual(names.map(() => true));
    expect(addAll()).toEqual(names.map(() => false));
  });

  it('lets the oldest go beyond its number', () => {
    const seen = new SeenKeys(100, 2);
    for (const key of ['a', 'b', 'c']) seen.add(entry(key), 0);
    const add = (key: string) => take(seen, entry(key), 1);
    expect(['c', 'b', 'a'].map(add)).toEqual([false, false, true]);
  });

  it('keeps its number through many keys', () => {
    const seen = new SeenKeys(1_000_000, 500);
    for (let at = 0; at < 5_000; at += 1) seen.add(entry(`key-${at}`), at);
    const latest = Array.from({ length: 500 }, (_unused, at) => entry(`key-${4_500 + at}`));
    expect(latest.filter((one) => take(seen, one, 5_000))).toEqual([]);
    expect(take(seen, entry('key-4499'), 5_000)).toBe(true);
  });
});
