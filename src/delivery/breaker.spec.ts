import { FakeClock } from '../testing/fake-clock';
import { Breaker } from './breaker';

describe('Breaker', () => {
  const opened = (failures: number) => {
    const clock = new FakeClock();
    const breaker = new Breaker(clock, () => 1);
    for (let count = 0; count < failures; count += 1) breaker.failed();
    return { breaker, clock };
  };

  it('stays closed for failures that are few', () => {
    expect(opened(4).breaker.openForMs).toBe(0);
  });

  it('opens for one slot when failures come in a row, however many at once', () => {
    expect(opened(5).breaker.openForMs).toBe(1_000);
    expect(opened(50).breaker.openForMs).toBe(1_000);
  });

  it('doubles the slot with each probe that fails, up to eight seconds', async () => {
    const { breaker, clock } = opened(5);
    const slots: number[] = [];
    for (let probe = 0; probe < 5; probe += 1) {
      slots.push(breaker.openForMs);
      await clock.advance(breaker.openForMs);
      breaker.failed();
    }
    expect(slots).toEqual([1_000, 2_000, 4_000, 8_000, 8_000]);
  });

  it('closes with the first success, and counts from nothing again', () => {
    const { breaker } = opened(5);
    breaker.succeeded();
    breaker.failed();
    expect(breaker.openForMs).toBe(0);
  });

  it('spreads the probes of many processes', () => {
    const breaker = new Breaker(new FakeClock(), () => 0);
    for (let count = 0; count < 5; count += 1) breaker.failed();
    expect(breaker.openForMs).toBe(750);
  });
});
