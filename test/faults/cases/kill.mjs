import { expect, sleep } from '../expect.mjs';
import { PLATFORMS, RECOVERY_MS, Trial } from '../trial.mjs';

const CALLS = 20;
/** Events of one hand-over to GA4, which has a request for each. */
const LIMITED_CALLS = 25;
/** Answered by then, of those; the first some 2 s before. */
const LIMITED_ANSWERS = 22;

/** Where the SIGKILL meets the system. Each resolves when it is dead; `true` where the fault hit. */
const POINTS = {
  /** While calls are being answered: some were told that they are stored, some were not told. */
  'at enqueue': async (trial) => {
    await trial.track(trial.newIds(1));
    const calls = trial.track(trial.newIds(CALLS));
    await sleep(Math.random() * 20);
    await trial.kill();
    return (await calls).includes(undefined);
  },
  /** A request has arrived, and its answer has not left. */
  'on the wire': async (trial, platform) => {
    for (const name of PLATFORMS) await trial.room.behave(name, { kind: 'hold' });
    const request = next(trial.room, 'arrived', platform);
    const calls = trial.track(trial.newIds(CALLS));
    const { answeredAtMs } = await request;
    await trial.kill();
    await calls;
    for (const name of PLATFORMS) await trial.room.behave(name, { kind: 'success' });
    return answeredAtMs === undefined;
  },
  /** The platform has answered; whether that is on the disk is a matter of milliseconds. */
  'after the answer': async (trial, platform) => {
    const request = next(trial.room, 'answered', platform);
    const calls = trial.track(trial.newIds(CALLS));
    const { answeredAtMs } = await request;
    await trial.kill();
    await calls;
    return answeredAtMs !== undefined;
  },
};

/** Many requests of one hand-over wait for their turn, and many are answered. */
export const LIMITED_KILL_POINT = {
  title: 'between the answers to one hand-over',
  delivery: { ga4: { maxRequestsPerSecond: 10 } },
  async strike(trial) {
    const calls = trial.trackMany(LIMITED_CALLS);
    for (let answers = 0; answers < LIMITED_ANSWERS; answers += 1)
      await next(trial.room, 'answered', 'ga4');
    await calls;
    await trial.kill();
    return true;
  },
};

function next(room, kind, platform) {
  return new Promise((resolve) => {
    const listener = (request) => {
      if (request.platform !== platform) return;
      room.off(kind, listener);
      resolve(request);
    };
    room.on(kind, listener);
  });
}

/** So many trials side by side: most of the time they wait for the lease of the dead to run out. */
const WIDTH = 6;
/** They start one after the other, so that their processes do not all boot at once. */
const APART_MS = 900;

export function killCase({ title, delivery, strike }, storage, { kills, fastKills }) {
  return {
    name: `SIGKILL ${title}, ${storage.title}`,
    promise: `${kills} kills: 0 lost, recovery <= 10 s`,
    storage,
    isFast: fastKills > 0,
    async run({ isFast, ...tools }) {
      const count = isFast ? fastKills : kills;
      const width = Math.min(WIDTH, count);
      const share = (at) => Math.floor(count / width) + (at < count % width ? 1 : 0);
      const runs = await allOf(
        Array.from({ length: width }, async (_, at) => {
          await sleep(at * APART_MS);
          return killAgain({ delivery, strike }, storage, share(at), tools);
        }),
      );
      const total = (name) => runs.reduce((sum, run) => sum + run[name], 0);
      const recoveriesMs = runs.flatMap((run) => run.recoveriesMs).sort((a, b) => a - b);
      expect(total('hits') >= count * 0.5, `only ${total('hits')} of ${count} kills hit`);
      const late = recoveriesMs.filter((ms) => ms > RECOVERY_MS);
      const figures = [
        `${total('kills')} kills, ${total('hits')} hit`,
        `${total('accepted')} entries accepted, 0 lost`,
        `${total('repeated')} delivered twice, all with the same bytes and in flight at a kill: at most ${Math.max(...runs.map((run) => run.mostInFlight))} requests to one platform at one kill`,
        `${total('wereStored')} of ${total('cutOff')} calls that were cut off had been stored`,
        `recovery from the start of the process: median ${seconds(recoveriesMs[recoveriesMs.length >> 1])}, max ${seconds(recoveriesMs.at(-1))}`,
      ];
      expect(late.length === 0, [...figures, `${late.length} later than 10 s`].join('; '));
      return figures;
    },
  };
}

/** Like `Promise.all`, but nothing goes on in the background when one has failed. */
async function allOf(promises) {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

async function killAgain({ delivery, strike }, storage, count, { library, oracle }) {
  const trial = new Trial({ library, oracle, storage: await storage.make(), delivery });
  const figures = { kills: 0, hits: 0, cutOff: 0, wereStored: 0, recoveriesMs: [] };
  try {
    for (let kill = 0; kill < count; kill += 1) {
      await recover(trial, figures);
      const hit = await strike(trial, PLATFORMS[kill % PLATFORMS.length]);
      figures.kills += 1;
      figures.hits += hit ? 1 : 0;
    }
    await recover(trial, figures);
    await trial.deliversFresh();
    await trial.settled();
    const { repeated, mostInFlight } = await trial.check();
    expect(trial.kills.length === count, 'every kill was a kill');
    const accepted = [...trial.accepted.values()].reduce((sum, ids) => sum + ids.size, 0);
    return { ...figures, repeated, mostInFlight, accepted };
  } finally {
    await trial.end();
  }
}

async function recover(trial, figures) {
  const system = await trial.boot();
  if (trial.kills.length === 0) return;
  figures.cutOff += trial.unknown.size;
  figures.wereStored += await trial.trackUnknownAgain();
  await trial.settled(3 * RECOVERY_MS);
  const recoveryMs = Date.now() - system.startedAtMs;
  figures.recoveriesMs.push(recoveryMs);
}

export const KILL_POINTS = Object.entries(POINTS).map(([title, strike]) => ({ title, strike }));

function seconds(ms) {
  return `${(ms / 1_000).toFixed(1)} s`;
}
