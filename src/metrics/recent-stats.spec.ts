import type { LaneStats } from '../outbox/outbox';
import { FakeClock } from '../testing/fake-clock';
import { RecentStats } from './recent-stats';

const FIRST = [{ destination: 'meta', pending: 1 }] as unknown as readonly LaneStats[];
const SECOND = [{ destination: 'meta', pending: 2 }] as unknown as readonly LaneStats[];

describe('RecentStats', () => {
  it('asks anew each time, and once for those who ask together', async () => {
    const ask = jest.fn(() => Promise.resolve(FIRST));
    const stats = new RecentStats(ask);
    expect(await Promise.all([stats.read(), stats.read()])).toEqual([FIRST, FIRST]);
    expect(ask).toHaveBeenCalledTimes(1);
    await stats.read();
    expect(ask).toHaveBeenCalledTimes(2);
  });

  it('answers after 1 s with what was known last, and asks no second time meanwhile', async () => {
    const clock = new FakeClock();
    const answers: ((stats: readonly LaneStats[]) => void)[] = [];
    const ask = () => new Promise<readonly LaneStats[]>((resolve) => answers.push(resolve));
    const stats = new RecentStats(ask, clock);
    const first = stats.read();
    answers[0]?.(FIRST);
    expect(await first).toBe(FIRST);
    const slow = stats.read();
    await clock.advance(1_000);
    expect(await slow).toBe(FIRST);
    const slower = stats.read();
    expect(answers).toHaveLength(2);
    answers[1]?.(SECOND);
    expect(await slower).toBe(SECOND);
  });

  it('knows nothing as long as the storage has never told', async () => {
    const stats = new RecentStats(() => Promise.reject(new Error('out of reach')));
    expect(await stats.read()).toBeUndefined();
  });
});
