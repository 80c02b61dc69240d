import net from 'node:net';

import { eventually, expect, sleep } from '../expect.mjs';
import { Oracle } from '../oracle-client.mjs';
import { Trial } from '../trial.mjs';

const TIMEOUT_MS = 1_000;
const GRACE_MS = 250;
const EVENTS = 12;
/** By then the platforms have closed the connections that were kept. */
const IDLE_MS = 3_500;
/** A platform that thaws reads first what has waited. */
const THAW_MS = 2_000;
const FAULTY = 'tiktok';
const OTHERS = ['meta', 'ga4'];
/** An event of a lane that has no fault arrives so soon while another lane has one. */
const UNAFFECTED_MS = 500;

/** Each makes TikTok's lane fail, and gives back what ends it. */
const FAULTS = {
  'connect timeout': async (trial, second) => {
    // A frozen server whose queue of new connections is full: the system's SYN gets no answer.
    const thaw = freeze(trial, second);
    const { hostname, port } = new URL(second.url);
    const fill = Array.from({ length: 8 }, () => net.connect(Number(port), hostname));
    for (const socket of fill) socket.on('error', () => undefined);
    await sleep(100);
    return () => {
      for (const socket of fill) socket.destroy();
      thaw();
    };
  },
  'half-open socket': (trial, second) => {
    // The kept connection stands, and nobody reads from it.
    return freeze(trial, second);
  },
  'slow header': (trial, second) => behave(trial, second, { kind: 'slow', headersAfterMs: 4_000 }),
  'slow body': (trial, second) => behave(trial, second, { kind: 'slow', bodyAfterMs: 4_000 }),
  '100 MB answer': (trial, second) =>
    behave(trial, second, { kind: 'flood', bytes: 100 * 2 ** 20 }),
};

/** What lay in the sockets of a platform is read when it thaws, long after the system gave up on it. */
function freeze(trial, second) {
  const cut = { atMs: Date.now(), goneAtMs: Infinity };
  trial.kills.push(cut);
  second.signal('SIGSTOP');
  return () => {
    second.signal('SIGCONT');
    cut.goneAtMs = Date.now() + THAW_MS;
  };
}

async function behave(trial, second, fault) {
  const tell = (what) =>
    second.tell({ command: 'behave', lane: `${trial.room.name} ${FAULTY}`, fault: what });
  await tell(fault);
  return () => tell({ kind: 'success' });
}

export const networkCases = Object.keys(FAULTS).map((fault) => ({
  name: `${fault} at one of three platforms`,
  promise: `attempt ends within timeout + ${GRACE_MS} ms; 0 leaked sockets; other lanes unaffected`,
  isFast: fault === 'connect timeout' || fault === '100 MB answer',
  run: ({ storages, ...tools }) => breakNetwork(fault, storages, tools),
}));

async function breakNetwork(fault, storages, tools) {
  const second = await Oracle.start(tools.library, 1);
  const trial = new Trial({
    ...tools,
    storage: await storages.sqlite.make(),
    delivery: { timeoutMs: TIMEOUT_MS, lingerMs: 0 },
  });
  second.rooms.set(trial.room.name, trial.room);
  try {
    const tiktok = {
      pixelId: 'C0EXAMPLEPIXEL',
      accessToken: 'tiktok-token-example',
      baseUrl: `${second.url}/${trial.room.name}/open_api`,
    };
    const delivery = {
      timeoutMs: TIMEOUT_MS,
      tiktok: { lingerMs: 0, maxBatchEvents: 1 },
      meta: { lingerMs: 0 },
      ga4: { lingerMs: 0 },
    };
    await trial.boot({ tiktok, delivery });
    const { system } = trial;
    const before = await system.get('figures');
    // A new connection is what a connect timeout needs; the others break one that is kept.
    if (fault !== 'connect timeout') await trial.deliversFresh();

    const end = await FAULTS[fault](trial, second);
    const sentAtMs = new Map();
    const arrivalsMs = [];
    for (const id of trial.newIds(EVENTS)) {
      sentAtMs.set(id, Date.now());
      await trial.trackOne(id);
      const there = () => OTHERS.every((name) => trial.room.takenBy(name).has(id));
      arrivalsMs.push(await eventually(there, 5_000, 'the other lanes deliver'));
    }
    await sleep(TIMEOUT_MS + GRACE_MS);
    const attemptsMs = await attempts(trial, sentAtMs);
    expect(attemptsMs.length > 0, 'no attempt failed');
    const longestMs = Math.max(...attemptsMs);
    expect(longestMs <= TIMEOUT_MS + GRACE_MS, `an attempt took ${longestMs} ms`);
    const slowestMs = Math.max(...arrivalsMs);
    expect(slowestMs <= UNAFFECTED_MS, `another lane took ${slowestMs} ms`);

    await end();
    const freshMs = await trial.deliversFresh();
    await trial.settled(20_000);
    await trial.check();
    await sleep(IDLE_MS);
    const after = await system.get('figures');
    expect(
      after.sockets <= before.sockets,
      `sockets: ${before.sockets} before the first event, ${after.sockets} when all was quiet again`,
    );
    return [
      `${attemptsMs.length} attempts failed, the longest took ${longestMs} ms (timeout ${TIMEOUT_MS} ms)`,
      `other lanes: <= ${slowestMs} ms`,
      `open sockets: ${before.sockets} before the first event, ${after.sockets} when all was quiet again`,
      `a fresh event arrived ${(freshMs / 1_000).toFixed(1)} s after the fault`,
    ];
  } finally {
    second.signal('SIGCONT');
    await trial.end();
    second.end();
  }
}

/** From the call, or from the arrival of the request where there was one, to the retry. */
async function attempts(trial, sentAtMs) {
  const activity = await trial.system.get('activity');
  const arrivals = new Map();
  for (const { arrivedAtMs, events } of trial.room.requestsTo(FAULTY))
    for (const [id] of events) arrivals.set(id, arrivals.get(id) ?? arrivedAtMs);
  const seen = new Set();
  return activity.flatMap(({ kind, destination, id, atMs }) => {
    if (kind !== 'retried' || destination !== FAULTY || seen.has(id)) return [];
    seen.add(id);
    const startedAtMs = arrivals.get(id) ?? sentAtMs.get(id);
    return startedAtMs === undefined ? [] : [atMs - startedAtMs];
  });
}
