import { eventually, expect, sleep } from '../expect.mjs';
import { Trial } from '../trial.mjs';

const LANES = ['meta', 'ga4'];
/** How long a lane is watched that must not come back before its cap of 15 min. */
const WATCHED_MS = 12_000;

/** [`Retry-After`, the least and the most milliseconds until the next attempt: after the answer, or after the date]. */
const HEADERS = [
  ['2', () => '2', 1_990, 4_000],
  ['a date', () => new Date(Date.now() + 3_000).toUTCString(), -20, 3_000],
  ['0', () => '0', 95, 3_000],
  ['-5', () => '-5', 95, 3_000],
  ['1e12', () => '1e12', 95, 3_000],
  ['1000000000000', () => '1000000000000', WATCHED_MS, Infinity],
  ['abc', () => 'abc', 95, 3_000],
  ['absent', () => undefined, 95, 3_000],
];

export const throttled = {
  name: '429 with Retry-After 2, a date, 0, -5, 1e12, 1000000000000, abc, absent',
  promise: 'honoured or capped, never a tight loop',
  isFast: true,
  async run({ storages, ...tools }) {
    return Promise.all(HEADERS.map((header) => throttle(header, storages, tools)));
  },
};

async function throttle([title, retryAfter, leastMs, mostMs], storages, tools) {
  const trial = new Trial({
    ...tools,
    storage: await storages.sqlite.make(),
    platforms: LANES,
    delivery: { retryBaseDelayMs: 1_000 },
  });
  try {
    await trial.boot();
    const value = retryAfter();
    const headers = value === undefined ? {} : { 'Retry-After': value };
    for (const lane of LANES)
      await trial.room.script(lane, [{ kind: 'answer', status: 429, headers }]);
    await trial.track();
    if (mostMs === Infinity) {
      await sleep(WATCHED_MS);
      for (const lane of LANES)
        expect(trial.room.requestsTo(lane).length === 1, `${title}: ${lane} was asked again`);
      // A restart forgets the pause, not the event.
      await trial.system.end('SIGTERM');
      await trial.boot();
    }
    await trial.settled(15_000);
    const waitsMs = LANES.map((lane) => {
      const [first, second, ...others] = trial.room.requestsTo(lane);
      expect(others.length === 0, `${title}: ${lane} got ${others.length + 2} requests`);
      const dateMs = title === 'a date' ? Date.parse(value) : 0;
      const waitMs = second.arrivedAtMs - Math.max(first.answeredAtMs, dateMs);
      expect(
        waitMs >= leastMs && waitMs <= mostMs,
        `${title}: ${lane} was asked after ${waitMs} ms`,
      );
      return waitMs;
    });
    await trial.deliversFresh();
    await eventually(
      async () => (await trial.lanes()).every(({ pending }) => pending === 0),
      5_000,
      'drained',
    );
    await trial.check();
    return mostMs === Infinity
      ? `${title}: not asked for ${WATCHED_MS / 1_000} s (capped at 15 min)`
      : `${title}: asked again after ${waitsMs.join(' and ')} ms`;
  } finally {
    await trial.end();
  }
}
