import { accounts, PLATFORMS } from '../accounts.mjs';
import { BODIES, HEADERS, hashUser } from '../payloads.mjs';
import { inParallel } from './in-parallel.mjs';

/** The service that everybody writes first: one `fetch` per platform and event, none waits for another. */
export function start(stubUrl, setUp) {
  const all = accounts(stubUrl);
  const send = async (platform, order, hashes, nowMs) => {
    const account = all[platform];
    const response = await fetch(account.url, {
      method: 'POST',
      headers: HEADERS[platform](account),
      body: BODIES[platform](account, order, hashes, nowMs),
    });
    // Unread bodies would keep the connection from being used again.
    const text = await response.text();
    if (!response.ok) throw new Error(`${platform}: HTTP ${response.status} ${text}`);
  };
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
