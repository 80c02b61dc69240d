import { expect } from '../expect.mjs';
import { Trial } from '../trial.mjs';

const LANES = ['meta', 'tiktok'];
const FAST = [
  [2, 1],
  [10, 2],
  [100, 3],
];
const FULL = [2, 10, 100, 1_000].flatMap((size) =>
  [1, 2, 3, 4, 5].filter((poison) => poison <= size).map((poison) => [size, poison]),
);

/** A platform refuses whole batches and does not say which event is to blame. */
export const poisonCase = {
  name: '1 to 5 poison events in batches of 2 to 1,000',
  promise: 'all good events delivered, at most 2·p·ceil(log2 n) + 1 further requests',
  isFast: true,
  async run({ isFast, storages, ...tools }) {
    const trial = new Trial({
      ...tools,
      storage: await storages.sqlite.make(),
      platforms: LANES,
      delivery: Object.fromEntries(
        LANES.map((lane) => [lane, { maxBatchEvents: 1_000, lingerMs: 700, concurrency: 1 }]),
      ),
    });
    try {
      await trial.boot();
      const figures = [];
      for (const [size, poison] of isFast ? FAST : FULL)
        figures.push(await poisonOne(trial, size, poison));
      await trial.deliversFresh();
      await trial.settled();
      await trial.check();
      return figures;
    } finally {
      await trial.end();
    }
  },
};

async function poisonOne(trial, size, poison) {
  const ids = trial.newIds(size);
  const bad = new Set();
  while (bad.size < poison) bad.add(ids[Math.floor(Math.random() * size)]);
  for (const lane of LANES) await trial.room.behave(lane, { kind: 'poison', eventIds: [...bad] });
  const before = LANES.map((lane) => trial.room.requestsTo(lane).length);
  const receipts = await trial.system.trackMany(ids);
  for (const [at, id] of ids.entries()) trial.enter(id, receipts[at]);
  await trial.settled(60_000);
  const further = LANES.map((lane, at) =>
    furtherRequests(lane, trial.room.requestsTo(lane).slice(before[at]), bad),
  );
  const letters = await trial.system.get('dead-letters');
  for (const lane of LANES) {
    const buried = letters.filter((one) => one.destination === lane && ids.includes(one.id));
    expect(
      buried.length === bad.size && buried.every(({ id }) => bad.has(id)),
      `${lane}: ${buried.length} of ${size} buried, ${bad.size} are bad`,
    );
    const delivered = ids.filter((id) => trial.room.takenBy(lane).has(id));
    expect(delivered.length === size - bad.size, `${lane}: ${delivered.length} delivered`);
  }
  const [{ bound }] = further;
  return `${poison} in ${size}: ${further.map(({ count }) => count).join(' and ')} further requests (bound ${bound})`;
}

/** A request of events that are all new is a batch; every other one looks for a culprit. */
function furtherRequests(lane, requests, bad) {
  const seen = new Set();
  let bound = 0;
  let batches = 0;
  for (const { events } of requests) {
    if (events.every(([id]) => !seen.has(id))) {
      const culprits = events.filter(([id]) => bad.has(id)).length;
      if (culprits > 0) bound += 2 * culprits * Math.ceil(Math.log2(events.length)) + 1;
      batches += 1;
    }
    for (const [id] of events) seen.add(id);
  }
  const count = requests.length - batches;
  expect(count <= bound, `${lane}: ${count} further requests, bound ${bound}`);
  return { count, bound };
}
