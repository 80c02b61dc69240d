import { FakeClock } from '../testing/fake-clock';
import { RateLimit } from './rate-limit';

describe('RateLimit', () => {
  it('lets so many start in a second, evenly spread', async () => {
    const clock = new FakeClock();
    const limit = new RateLimit(clock, 10);
    let started = 0;
    for (let count = 0; count < 50; count += 1)
      void Promise.resolve(limit.turn()).then(() => (started += 1));
    await clock.advance(1_000);
    expect(started).toBe(11);
    await clock.advance(2_000);
    expect(started).toBe(31);
  });

  it('is no wait where there is no limit', () => {
    const limit = new RateLimit(new FakeClock(), Infinity);
    expect(limit.turn()).toBeUndefined();
    expect(limit.turn()).toBeUndefined();
  });

  it('does not save up what was not used', async () => {
    const clock = new FakeClock();
    const limit = new RateLimit(clock, 10);
    await clock.advance(60_000);
    expect(limit.turn()).toBeUndefined();
    expect(limit.turn()).toBeInstanceOf(Promise);
    limit.release();
  });

  it('lets everybody go when it is released', async () => {
    const clock = new FakeClock();
    const limit = new RateLimit(clock, 1);
    const turns = [limit.turn(), limit.turn(), limit.turn()];
    limit.release();
    await Promise.all(turns.filter((turn) => turn !== undefined));
    expect(clock.pendingTimers).toBe(0);
  });
});
