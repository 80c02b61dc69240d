import { FakeClock } from '../testing/fake-clock';
import { RecentGroups } from './recent-groups';

const MEGABYTE = 1024 * 1024;

describe('RecentGroups', () => {
  let clock: FakeClock;
  let recent: RecentGroups<string>;
  const put = (id: string, bytes = 100) => {
    recent.put(id, `data of ${id}`, bytes, id);
  };
  const take = (id: string) => recent.take(id, `data of ${id}`);

  beforeEach(() => {
    clock = new FakeClock();
    recent = new RecentGroups(clock);
  });

  it('gives back what was put, once', () => {
    put('a');
    expect(take('a')).toBe('a');
    expect(take('a')).toBeUndefined();
  });

  it('does not give back what was changed on the server', () => {
    put('a');
    expect(recent.take('a', 'other data')).toBeUndefined();
    expect(take('a')).toBeUndefined();
  });

  it('gives back nothing that was removed', () => {
    put('a');
    recent.remove('a');
    expect(take('a')).toBeUndefined();
  });

  it('keeps 16 MB, the oldest of them, and forgets after 10 s what nobody took', async () => {
    for (let at = 0; at < 20; at += 1) put(String(at), MEGABYTE);
    expect(take('0')).toBe('0');
    expect(take('19')).toBeUndefined();

    await clock.advance(10_000);
    for (let at = 20; at < 35; at += 1) put(String(at), MEGABYTE);
    expect(take('1')).toBeUndefined();
    expect(take('34')).toBe('34');
  });
});
