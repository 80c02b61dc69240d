import { eventually, expect } from '../expect.mjs';
import { PLATFORMS, Trial } from '../trial.mjs';

const OUTAGE = { kind: 'answer', status: 500, body: 'oops' };
const MOST_CALLS = 2_000;
const WAVE = 20;

/** Takes events while no platform does, until the file may not grow any more. */
async function fill(trial) {
  for (const platform of PLATFORMS) await trial.room.behave(platform, OUTAGE);
  const refused = [];
  let calls = 0;
  while (refused.length === 0 && calls < MOST_CALLS) {
    // A call that fails stays unknown: the host would have seen an error.
    const receipts = await trial.track(trial.newIds(WAVE));
    calls += WAVE;
    expect(trial.unknown.size === 0, `${trial.unknown.size} calls were not answered with 2xx`);
    refused.push(...receipts.filter(({ status }) => status === 'rejected'));
  }
  expect(refused.length > 0, `the file took ${calls} events`);
  for (const { destinations } of refused)
    for (const [name, { kind, problems }] of Object.entries(destinations))
      if (PLATFORMS.includes(name) && kind !== 'queued')
        expect(
          kind === 'rejected' && problems[0].code === 'storage_unavailable',
          `the receipt says ${JSON.stringify(destinations)}`,
        );
  return { calls, refused: refused.length };
}

async function statusIs(trial, state) {
  await eventually(
    async () => (await trial.system.get('status')).details.storageHealth.state === state,
    10_000,
    `the status says that the storage is ${state}`,
  );
}

export const diskFullAtEnqueue = {
  name: 'disk full at enqueue (page limit), SQLite',
  promise: 'host answers 2xx, typed receipt; what was stored is delivered',
  isFast: true,
  async run({ storages, ...tools }) {
    const trial = new Trial({ ...tools, storage: await storages.sqlite.make('?maxBytes=600000') });
    try {
      await trial.boot();
      const { calls, refused } = await fill(trial);
      for (const platform of PLATFORMS) await trial.room.behave(platform, { kind: 'success' });
      await trial.settled(20_000);
      await trial.deliversFresh();
      await trial.settled();
      await statusIs(trial, 'ready');
      await trial.check();
      const stored = [...trial.accepted.values()].reduce((sum, ids) => sum + ids.size, 0);
      return [
        `${calls} calls, all answered 2xx, ${refused} with storage_unavailable`,
        `${stored} entries stored and delivered, 0 lost`,
      ];
    } finally {
      await trial.end();
    }
  },
};

export const diskFullAtSettle = {
  name: 'disk full at settle (page limit), SQLite',
  promise: 'every outcome is counted in the end',
  isFast: true,
  async run({ storages, ...tools }) {
    const trial = new Trial({ ...tools, storage: await storages.sqlite.make('?maxBytes=600000') });
    try {
      await trial.boot();
      const { calls } = await fill(trial);
      // Half is refused for good and becomes dead letters, which take room; half is delivered.
      const poison = [...trial.accepted.get('meta')].filter((_id, at) => at % 2 === 0);
      for (const platform of PLATFORMS)
        await trial.room.behave(platform, { kind: 'poison', eventIds: poison });
      await trial.settled(40_000);
      await trial.deliversFresh();
      await trial.settled();
      await trial.check();
      const letters = (await trial.lanes()).map(({ deadLettered }) => deadLettered);
      expect(
        letters.every((count) => count > 0),
        `dead letters: ${letters.join(', ')}`,
      );
      return [
        `${calls} calls until the file was full`,
        `${letters.join(', ')} dead letters, the rest delivered, 0 lost`,
      ];
    } finally {
      await trial.end();
    }
  },
};
