import { expect, sleep } from '../expect.mjs';
import { REDIS_DURABLE, STORAGES } from '../storages.mjs';
import { Trial } from '../trial.mjs';

const EVENTS_PER_TICK = 5;
const TICK_MS = 50;
const AWAY_MS = 2_000;
/** A call resolves within this even where Redis is away. */
const CALL_MS = 3_000;

export const redisKilled = {
  name: 'Redis kill -9 with AOF, restart',
  promise: '0 lost; calls are answered while it is away',
  storage: STORAGES.redis,
  isFast: false,
  async run(tools) {
    const storage = await STORAGES.redis.make(REDIS_DURABLE);
    const trial = new Trial({ ...tools, storage });
    try {
      await trial.boot();
      let isOver = false;
      let slowestMs = 0;
      const call = async (id) => {
        const startedAtMs = Date.now();
        await trial.trackOne(id);
        slowestMs = Math.max(slowestMs, Date.now() - startedAtMs);
      };
      const traffic = (async () => {
        const calls = [];
        for (; !isOver; await sleep(TICK_MS))
          for (const id of trial.newIds(EVENTS_PER_TICK)) calls.push(call(id));
        await Promise.all(calls);
      })();
      await sleep(1_500);
      const cut = { atMs: Date.now(), goneAtMs: Infinity };
      trial.kills.push(cut);
      await storage.kill();
      await sleep(AWAY_MS);
      await storage.run();
      await sleep(1_500);
      isOver = true;
      await traffic;
      cut.goneAtMs = Date.now();
      // Whether the server stored what it did not confirm, nobody knows: the host calls again.
      const refusals = trial.refused.size;
      await trial.track([...trial.unknown, ...trial.refused]);
      await trial.settled(20_000);
      const freshMs = await trial.deliversFresh();
      await trial.settled();
      const { repeated } = await trial.check();
      expect(refusals > 0, 'no call met the server while it was away');
      expect(slowestMs <= CALL_MS, `a call took ${slowestMs} ms`);
      return [
        `${trial.accepted.get('meta').size} events, 0 lost; ${repeated} entries delivered twice`,
        `${refusals} calls were refused while Redis was away, the slowest call took ${slowestMs} ms`,
        `a fresh event arrived after ${freshMs} ms`,
      ];
    } finally {
      await trial.end();
    }
  },
};

const FORGETFUL = {
  'without persistence': ['--appendonly', 'no'],
  'with an evicting policy': [
    ...REDIS_DURABLE,
    '--maxmemory',
    '100mb',
    '--maxmemory-policy',
    'allkeys-lru',
  ],
};

export const forgetfulRedis = Object.entries(FORGETFUL).map(([fault, options]) => ({
  name: `Redis ${fault}`,
  promise: 'a warning at start and a degraded status; events are delivered',
  storage: STORAGES.redis,
  isFast: false,
  async run(tools) {
    const trial = new Trial({ ...tools, storage: await STORAGES.redis.make(options) });
    try {
      const system = await trial.boot();
      const { storageHealth } = (await system.get('status')).details;
      expect(
        storageHealth.state === 'degraded',
        `the status says ${JSON.stringify(storageHealth)}`,
      );
      const warning = /WARN.*(?:maxmemory|append).*/.exec(system.log)?.[0];
      expect(warning !== undefined, `no warning in the log: ${system.log}`);
      await trial.deliversFresh();
      await trial.settled();
      await trial.check();
      return [storageHealth.reason];
    } finally {
      await trial.end();
    }
  },
}));

export const threeWorkers = {
  name: 'three workers on Redis: one killed, one frozen past its lease',
  promise: '0 lost; fencing refuses the late settle; duplicates are those in flight',
  storage: STORAGES.redis,
  isFast: false,
  async run(tools) {
    const trial = new Trial({ ...tools, storage: await STORAGES.redis.make() });
    try {
      const [killed, frozen, last] = [await trial.boot(), await trial.boot(), await trial.boot()];
      for (const platform of trial.platforms)
        await trial.room.behave(platform, { kind: 'slow', headersAfterMs: 300 });
      for (const system of trial.systems) void trial.track(trial.newIds(200), system);
      await sleep(1_000);
      const kill = { atMs: Date.now() };
      trial.kills.push(kill);
      frozen.signal('SIGSTOP');
      await killed.end('SIGKILL');
      for (const platform of trial.platforms)
        await trial.room.behave(platform, { kind: 'success' });
      await sleep(12_000);
      frozen.signal('SIGCONT');
      await sleep(1_000);
      kill.goneAtMs = Date.now();
      await trial.track([...trial.unknown, ...trial.refused], last);
      await trial.settled(20_000);
      await trial.deliversFresh();
      await trial.settled();
      const { repeated } = await trial.check();
      return [
        `${trial.accepted.get('meta').size} events, 0 lost; ${repeated} entries delivered twice`,
      ];
    } finally {
      await trial.end();
    }
  },
};
