import { DEFAULT_RETRY, retryDelayMs } from './retry-policy';

describe('retryDelayMs', () => {
  it.each([
    ['grows with the attempts', 1, undefined, 0.999, 999],
    ['doubles', 2, undefined, 0.999, 1_998],
    ['is capped', 40, undefined, 0.999, 899_100],
    ['has full jitter', 5, undefined, 0.5, 8_000],
    ['is never a tight loop', 1, undefined, 0, 100],
    ['is what the platform asks for', 1, 30_000, 0.5, 30_000],
    ['caps what the platform asks for', 1, 1e15, 0.5, 900_000],
    ['does not take zero at its word', 1, 0, 0.5, 100],
  ])('%s', (_rule, attempts, retryAfterMs, random, delayMs) => {
    expect(retryDelayMs(DEFAULT_RETRY, attempts, retryAfterMs, random)).toBe(delayMs);
  });
});
