import { createRequire } from 'node:module';
import { setImmediate } from 'node:timers/promises';

import { accounts, PLATFORMS } from '../accounts.mjs';

const fromRoot = createRequire(new URL('../../../package.json', import.meta.url));
const WAVE = 200;
const ENCRYPTION_KEY = '00112233445566778899aabbccddeeff'.repeat(2);

/** The built module in a real application with default options; `start` gives its service too. */
export function start(stubUrl, setUp, transport) {
  return startOn(undefined, stubUrl, setUp, transport);
}

/**
 * @param storage as the option `storage`.
 * @param transport as the option `transport`; `TRANSPORT=undici` in the environment is the default of all subjects.
 */
export async function startOn(storage, stubUrl, setUp, transport = process.env.TRANSPORT) {
  const { NestFactory } = fromRoot('@nestjs/core');
  const { TrackingModule, ServerTrackingService } = fromRoot('nestjs-server-tracking');
  const options = Object.fromEntries(
    Object.entries(accounts(stubUrl))
      .filter(([platform]) => PLATFORMS[setUp].includes(platform))
      .map(([platform, { url: _url, ...account }]) => [platform, account]),
  );
  const root = class BenchModule {};
  const app = await NestFactory.createApplicationContext(
    {
      module: root,
      imports: [
        TrackingModule.forRoot({ ...options, storage, transport, encryptionKey: ENCRYPTION_KEY }),
      ],
    },
    { logger: ['error', 'warn'] },
  );
  const tracking = app.get(ServerTrackingService);
  return {
    tracking,
    async deliver(orders) {
      for (let at = 0; at < orders.length; at += WAVE) {
        const wave = orders.slice(at, at + WAVE).map((order) => tracking.trackPurchase(order));
        const odd = (await Promise.all(wave)).find(({ status }) => status !== 'accepted');
        if (odd !== undefined) throw new Error(`not accepted: ${JSON.stringify(odd)}`);
        await setImmediate();
      }
      const { isComplete, pending } = await tracking.flush({ timeoutMs: 60_000 });
      if (!isComplete) throw new Error(`${pending} entries are still pending`);
    },
    stop: () => app.close(),
  };
}
