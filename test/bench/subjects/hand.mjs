import { PLATFORMS } from '../accounts.mjs';
import { hashUser } from '../payloads.mjs';
import { fetchSender } from './fetch-sender.mjs';
import { inParallel } from './in-parallel.mjs';

/** The service that everybody writes first: one `fetch` per platform and event, none waits for another. */
export function start(stubUrl, setUp) {
  const send = fetchSender(stubUrl);
  return {
    deliver: (orders) =>
      inParallel(orders, (order) => {
        const hashes = hashUser(order);
        const nowMs = Date.now();
        return Promise.allSettled(
          PLATFORMS[setUp].map((platform) => send(platform, order, hashes, nowMs)),
        );
      }),
    stop: () => undefined,
  };
}
