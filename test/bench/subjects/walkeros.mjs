import { startFlow } from '@walkeros/collector';
import { destinationAPI } from '@walkeros/server-destination-api';

import { accounts, PLATFORMS } from '../accounts.mjs';
import { BODIES, HEADERS, hashUser } from '../payloads.mjs';
import { inParallel } from './in-parallel.mjs';

/** walkerOS has no destination of its own for all three platforms, so each is an API destination. */
export async function start(stubUrl, setUp) {
  const destinations = Object.entries(accounts(stubUrl))
    .filter(([platform]) => PLATFORMS[setUp].includes(platform))
    .map(([platform, account]) => {
      const transform = ({ data, timestamp }) =>
        BODIES[platform](account, data.order, data.hashes, timestamp);
      const settings = { url: account.url, headers: HEADERS[platform](account), transform };
      return [platform, { code: destinationAPI, config: { settings } }];
    });
  const { elb } = await startFlow({ destinations: Object.fromEntries(destinations) });
  return {
    deliver: (orders) =>
      inParallel(orders, (order) =>
        elb({ name: 'order complete', data: { order, hashes: hashUser(order) } }),
      ),
    stop: () => undefined,
  };
}
