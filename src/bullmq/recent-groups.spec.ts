import { FakeClock } from '../testing/fake-clock';
import { RecentGroups } from './recent-groups';

const MEGABYTE = 1024 * 1024;
const dataOf = (name: string, size = 100) => 'x'.repeat(size) + name.padStart(48, '.');

describe('RecentGroups', () => {
  let clock: FakeClock;
  let recent: RecentGroups<string>;

  beforeEach(() => {
    clock = new FakeClock();
    recent = new RecentGroups(clock);
  });

  it('gives back what was put, once', () => {
    recent.put(dataOf('a'), 'a');
    expect(recent.take(dataOf('a'))).toBe('a');
    expect(recent.take(dataOf('a'))).toBeUndefined();
  });

  it('does not take a text for another that ends like it', () => {
    recent.put(dataOf('a', 100), 'a');
    expect(recent.take(dataOf('a', 99))).toBeUndefined();
    expect(recent.take(dataOf('a', 100))).toBe('a');
  });

  it('keeps 16 MB, the oldest of them, and forgets after 10 s what nobody took', async () => {
    for (let at = 0; at < 20; at += 1) recent.put(dataOf(String(at), MEGABYTE), String(at));
    expect(recent.take(dataOf('0', MEGABYTE))).toBe('0');
    expect(recent.take(dataOf('19', MEGABYTE))).toBeUndefined();

    await clock.advance(10_000);
    for (let at = 20; at < 35; at += 1) recent.put(dataOf(String(at), MEGABYTE), String(at));
    expect(recent.take(dataOf('1', MEGABYTE))).toBeUndefined();
    expect(recent.take(dataOf('34', MEGABYTE))).toBe('34');
  });
});
