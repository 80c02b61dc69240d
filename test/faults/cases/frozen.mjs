import { eventually, expect, sleep } from '../expect.mjs';
import { PLATFORMS, Trial } from '../trial.mjs';

/** As `src/sqlite/owner-lease.ts` has it. */
const LEASE_MS = 5_000;
const CALLS = 30;

/** A process that was frozen past its lease must not end what another has taken over. */
export const frozenOwner = {
  name: 'SIGSTOP past the lease, then SIGCONT; two processes on one file, SQLite',
  promise: 'fencing refuses the late settle; duplicates are those in flight',
  isFast: true,
  async run({ storages, ...tools }) {
    const storage = await storages.sqlite.make();
    // All of them share a batch, however slowly they come: few batches are sent at once.
    const trial = new Trial({ ...tools, storage, delivery: { lingerMs: 1_000 } });
    try {
      const frozen = await trial.boot();
      for (const platform of PLATFORMS) await trial.room.behave(platform, { kind: 'hold' });
      await trial.track(trial.newIds(CALLS));
      await eventually(
        () => ['meta', 'tiktok'].every((name) => trial.room.takenBy(name).size === CALLS),
        20_000,
        'the batches of the first process are under way',
      );
      const freeze = { atMs: Date.now() };
      trial.kills.push(freeze);
      frozen.signal('SIGSTOP');
      for (const platform of PLATFORMS) await trial.room.behave(platform, { kind: 'success' });

      await trial.boot();
      await trial.track(trial.newIds(CALLS));
      const takenOverMs = await trial.settled(15_000);
      const before = await trial.lanes();
      await sleep(Math.max(0, freeze.atMs + LEASE_MS + 1_000 - Date.now()));
      freeze.goneAtMs = Infinity;
      const frozenMs = Date.now() - freeze.atMs;
      frozen.signal('SIGCONT');
      // Its answers come now: it believes that it has delivered what is not its own any more.
      for (const platform of PLATFORMS) await trial.room.release(platform);
      await sleep(1_500);

      const after = await trial.lanes();
      freeze.goneAtMs = Date.now();
      for (const [at, lane] of after.entries())
        expect(
          lane.delivered === before[at].delivered && lane.accepted === before[at].accepted,
          `the late settle was counted: ${JSON.stringify(before[at])} became ${JSON.stringify(lane)}`,
        );
      expect(frozenMs > LEASE_MS, `frozen for ${frozenMs} ms only`);
      const late = trial.room.requests.filter(
        ({ answeredAtMs }) => answeredAtMs > freeze.atMs + frozenMs,
      );
      expect(late.length > 0, 'no late answer');

      // Both go on.
      for (const system of trial.systems) await trial.track(trial.newIds(CALLS), system);
      await trial.deliversFresh();
      await trial.settled();
      const { repeated } = await trial.check();
      expect(repeated > 0, 'nothing was delivered twice, so nothing was taken over');
      return [
        `frozen for ${(frozenMs / 1_000).toFixed(1)} s (lease 5 s), taken over after ${(takenOverMs / 1_000).toFixed(1)} s`,
        `${late.length} late answers, 0 counted`,
        `${repeated} entries delivered twice, all in flight when it froze`,
      ];
    } finally {
      await trial.end();
    }
  },
};
