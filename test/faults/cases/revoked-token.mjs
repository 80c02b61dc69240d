import { eventually, expect } from '../expect.mjs';
import { Trial } from '../trial.mjs';

const REVOKED = ['meta', 'tiktok'];
const EVENTS = 50;

export const revokedToken = {
  name: 'token revoked (Meta 190, TikTok 40105), then taken again',
  promise: 'lane paused, 0 dead letters, resumes without restart',
  isFast: true,
  async run({ storages, ...tools }) {
    const trial = new Trial({ ...tools, storage: await storages.sqlite.make() });
    try {
      const system = await trial.boot();
      for (const platform of REVOKED) await trial.room.behave(platform, { kind: 'auth-error' });
      await trial.track(trial.newIds(EVENTS));
      await eventually(
        async () => {
          const { details } = await system.get('status');
          return REVOKED.every((name) => details.destinations[name].state === 'paused');
        },
        20_000,
        'both lanes are paused',
      );
      await eventually(() => trial.room.takenBy('ga4').size === EVENTS, 20_000, 'GA4 goes on');
      for (const { destination, pending, deadLettered } of await trial.lanes()) {
        if (!REVOKED.includes(destination)) continue;
        expect(deadLettered === 0, `${destination}: ${deadLettered} dead letters`);
        expect(pending === EVENTS, `${destination}: ${pending} pending`);
      }
      const refused = REVOKED.map((name) => trial.room.requestsTo(name).length);
      expect(
        refused.every((count) => count >= 1),
        'no request was refused',
      );

      for (const platform of REVOKED) await trial.room.behave(platform, { kind: 'success' });
      const freshMs = await trial.deliversFresh();
      await trial.settled();
      const { repeated } = await trial.check();
      expect(repeated === 0, `${repeated} delivered twice`);
      expect(trial.systems.length === 1, 'it was restarted');
      return [
        `requests refused: ${REVOKED.map((name, at) => `${name} ${refused[at]}`).join(', ')}`,
        `0 dead letters, ${EVENTS} events of each lane kept`,
        `a fresh event arrived ${(freshMs / 1_000).toFixed(1)} s after the token was taken again`,
      ];
    } finally {
      await trial.end();
    }
  },
};
