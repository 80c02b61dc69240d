import { expect, sleep } from '../expect.mjs';
import { PLATFORMS, Trial } from '../trial.mjs';

const DEADLINE_MS = 5_000;
/** Nest closes its server and its modules besides. */
const CLOSING_MS = 500;
const CALLS = 60;

const PLATFORM_DOES = {
  answers: { kind: 'slow', headersAfterMs: 30 },
  fails: { kind: 'answer', status: 500, body: 'Internal Server Error' },
  hangs: { kind: 'hang' },
};

export const sigtermCases = Object.entries(PLATFORM_DOES).flatMap(([does, fault]) =>
  [1, 2].map((signals) => ({
    name: `SIGTERM${signals > 1 ? ' twice' : ''} while the platform ${does}, SQLite`,
    promise: `exit <= deadline of 5 s (+ ${CLOSING_MS} ms for the host's server), 0 lost after a restart`,
    isFast: signals === 2,
    run: ({ storages, ...tools }) => terminate(fault, signals, storages, tools),
  })),
);

async function terminate(fault, signals, storages, tools) {
  const trial = new Trial({ ...tools, storage: await storages.sqlite.make() });
  try {
    const system = await trial.boot();
    for (const platform of PLATFORMS) await trial.room.behave(platform, fault);
    await trial.track(trial.newIds(CALLS));
    // Some calls are under way when the signal comes.
    const last = trial.track(trial.newIds(CALLS));
    await sleep(5);
    const signalledAtMs = Date.now();
    for (let sent = 0; sent < signals; sent += 1) {
      system.signal('SIGTERM');
      await sleep(100);
    }
    await last;
    system.hangUp();
    const exit = await system.exited;
    const tookMs = Date.now() - signalledAtMs;
    expect(tookMs <= DEADLINE_MS + CLOSING_MS, `exit after ${tookMs} ms`);
    expect(exit.signal === 'SIGTERM' || exit.code === 0, `ended by ${JSON.stringify(exit)}`);
    const refused = trial.room.requests.filter((request) => request.answeredAtMs === undefined);
    const pendingBefore = CALLS * 2 - trial.room.takenBy('meta').size;

    for (const platform of PLATFORMS) await trial.room.behave(platform, { kind: 'success' });
    const restarted = await trial.boot();
    await trial.trackUnknownAgain();
    await trial.settled();
    const recoveredMs = Date.now() - restarted.startedAtMs;
    await trial.deliversFresh();
    await trial.settled();
    const { repeated } = await trial.check();
    expect(repeated === 0, `${repeated} delivered twice`);
    return [
      `exit after ${tookMs} ms`,
      `${refused.length} requests cut off, ${pendingBefore} events of Meta's left`,
      `all of ${trial.accepted.get('meta').size} delivered ${(recoveredMs / 1_000).toFixed(1)} s after the restart began`,
    ];
  } finally {
    await trial.end();
  }
}
