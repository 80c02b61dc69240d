import { expect, sleep } from '../expect.mjs';
import { Trial } from '../trial.mjs';

const EVENTS_PER_SECOND = 200;
const TICK_MS = 25;

/** Traffic that never rests, and a system that is killed again and again. */
export const killLoop = {
  name: 'kill loop at 200 events/s, SQLite',
  promise: '5 min: 0 lost',
  isFast: true,
  async run({ isFast, storages, ...tools }) {
    const lastsMs = isFast ? 10_000 : 300_000;
    const trial = new Trial({ ...tools, storage: await storages.sqlite.make() });
    try {
      await trial.boot();
      const endsAtMs = Date.now() + lastsMs;
      const calls = traffic(trial, endsAtMs);
      while (Date.now() < endsAtMs) {
        await sleep(500 + Math.random() * (isFast ? 1_500 : 4_000));
        await trial.kill();
        await trial.boot();
        void trial.trackUnknownAgain();
      }
      await calls;
      while (trial.unknown.size > 0) await trial.trackUnknownAgain();
      const drainedMs = await trial.settled(20_000);
      await trial.deliversFresh();
      await trial.settled();
      const { repeated, mostInFlight } = await trial.check();
      const [ids] = trial.accepted.values();
      const kills = trial.kills.length;
      expect(kills >= lastsMs / 5_000, `only ${kills} kills`);
      expect(ids.size >= (lastsMs / 1_000) * EVENTS_PER_SECOND * 0.9, `only ${ids.size} events`);
      return [
        `${kills} kills in ${lastsMs / 1_000} s`,
        `${ids.size} events to each of 3 platforms, 0 lost`,
        `${repeated} delivered twice, all in flight at a kill: at most ${mostInFlight} requests to one platform at one kill`,
        `drained ${(drainedMs / 1_000).toFixed(1)} s after the last`,
      ];
    } finally {
      await trial.end();
    }
  },
};

async function traffic(trial, endsAtMs) {
  const startedAtMs = Date.now();
  const calls = [];
  for (let sent = 0; Date.now() < endsAtMs; await sleep(TICK_MS)) {
    const due = Math.floor(((Date.now() - startedAtMs) / 1_000) * EVENTS_PER_SECOND);
    for (; sent < due; sent += 1) calls.push(trial.trackOne(trial.newIds(1)[0]));
  }
  await Promise.all(calls);
}
