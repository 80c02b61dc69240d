import { eventually, expect, sleep } from '../expect.mjs';
import { PLATFORMS, Trial } from '../trial.mjs';

/** As `src/delivery/breaker.ts` has it: slots of 1, 2, 4, 8, 8… s, each shorter by up to a quarter. */
const FAILURES_THAT_OPEN = 5;
const SLOTS_MS = [1_000, 2_000, 4_000, 8_000];
const SHORTEST = 0.75;
const CONCURRENCY = 4;
const DRAINED_MS = 60_000;
/** From the oracle's answer until the system has read it. */
const ON_ITS_WAY_MS = 50;

export const outage = {
  name: 'platform answers 500 with 20,000 pending, SQLite',
  promise: '2 min: 0 lost, <= 1 probe per back-off slot, backlog drained within 60 s',
  isFast: true,
  async run({ isFast, storages, ...tools }) {
    const [pending, lastsMs] = isFast ? [2_000, 8_000] : [20_000, 120_000];
    const trial = new Trial({ ...tools, storage: await storages.sqlite.make() });
    try {
      await trial.boot();
      for (const platform of PLATFORMS)
        await trial.room.behave(platform, { kind: 'answer', status: 500, body: 'oops' });
      const startedAtMs = Date.now();
      await trial.trackMany(pending);
      await sleep(startedAtMs + lastsMs - Date.now());
      const lanes = await trial.lanes();
      for (const lane of lanes)
        expect(lane.pending === pending, `pending: ${JSON.stringify(lane)}`);
      const requests = PLATFORMS.map((platform) => trial.room.requestsTo(platform).slice());

      for (const platform of PLATFORMS) await trial.room.behave(platform, { kind: 'success' });
      // It queues up behind the backlog, so it may take as long.
      const [freshMs, drainedMs] = await Promise.all([
        trial.deliversFresh(PLATFORMS, DRAINED_MS),
        eventually(
          async () => (await trial.lanes()).every((lane) => lane.pending === 0),
          DRAINED_MS,
          async () =>
            `the backlog is drained: ${(await trial.lanes()).map(({ pending }) => pending).join(', ')}`,
        ),
      ]);
      const { repeated } = await trial.check();
      expect(repeated === 0, `${repeated} delivered twice`);
      const probes = PLATFORMS.map((platform, at) => probesOf(platform, requests[at]));
      const figures = [
        `${pending} events for each of 3 platforms, 500 for ${lastsMs / 1_000} s, 0 lost`,
        `requests during the outage: ${PLATFORMS.map((name, at) => `${name} ${requests[at].length} of which ${probes[at].count} probes`).join(', ')}`,
        `a fresh event arrived ${(freshMs / 1_000).toFixed(1)} s after recovery, the backlog was drained after ${(drainedMs / 1_000).toFixed(1)} s`,
      ];
      const faults = probes.flatMap((one) => one.faults);
      expect(faults.length === 0, [...faults, ...figures].join('; '));
      return figures;
    } finally {
      await trial.end();
    }
  },
};

/**
 * After the failure that opens the breaker only what was under way may end; then one probe per slot. What is under
 * way has no bound in time, as a starved process reads an answer late: it ends where the first slot of silence begins.
 */
function probesOf(platform, requests) {
  const answers = requests.map(({ answeredAtMs }) => answeredAtMs).sort((a, b) => a - b);
  const openedAtMs = answers[FAILURES_THAT_OPEN - 1];
  const later = requests.filter(({ arrivedAtMs }) => arrivedAtMs > openedAtMs + ON_ITS_WAY_MS);
  let lastAtMs = openedAtMs;
  let rest = 0;
  for (const { arrivedAtMs } of later) {
    if (arrivedAtMs - lastAtMs >= shortestSlotMs(0)) break;
    lastAtMs = arrivedAtMs;
    rest += 1;
  }
  const probes = later.slice(rest);
  const faults = [];
  if (probes.length === 0) faults.push(`${platform}: no probe`);
  if (rest > CONCURRENCY)
    faults.push(
      `${platform}: ${rest} requests left after ${FAILURES_THAT_OPEN} failures had opened the breaker`,
    );
  for (const [at, { arrivedAtMs }] of probes.entries()) {
    if (arrivedAtMs - lastAtMs < shortestSlotMs(at))
      faults.push(
        `${platform}: probe ${at + 1} after ${arrivedAtMs - lastAtMs} ms, slot of ${shortestSlotMs(at)} ms`,
      );
    lastAtMs = arrivedAtMs;
  }
  return { count: probes.length, faults: faults.slice(0, 2) };
}

function shortestSlotMs(at) {
  return SLOTS_MS[Math.min(at, SLOTS_MS.length - 1)] * SHORTEST - ON_ITS_WAY_MS;
}
