import { accounts } from '../accounts.mjs';
import { BODIES, HEADERS } from '../payloads.mjs';

/** One `fetch` per platform and event, as it is written by hand. */
export function fetchSender(stubUrl) {
  const all = accounts(stubUrl);
  return async (platform, order, hashes, nowMs) => {
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
}
