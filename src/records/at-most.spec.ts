import { FakeClock } from '../testing/fake-clock';
import { atMost } from './at-most';

describe('atMost', () => {
  it('ends with the work, or fails with it', async () => {
    const clock = new FakeClock();
    await expect(atMost(clock, 500, Promise.resolve(7))).resolves.toBeUndefined();
    await expect(atMost(clock, 500, Promise.reject(new Error('away')))).rejects.toThrow('away');
  });

  it('ends when the time is up, and bears that the work fails later', async () => {
    const clock = new FakeClock();
    let fail: ((error: Error) => void) | undefined;
    const work = new Promise((_resolve, reject) => {
      fail = reject;
    });
    const waiting = atMost(clock, 500, work);
    await clock.advance(500);
    await expect(waiting).resolves.toBeUndefined();
    fail?.(new Error('away'));
    await new Promise((resolve) => setImmediate(resolve));
  });
});
