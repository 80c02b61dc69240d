import { setTimeout } from 'node:timers/promises';

import { purchases } from './purchase.mjs';
import { profiled } from './profile.mjs';
import { start } from './subjects/ours.mjs';

/**
 * How long one `trackPurchase` holds the host's thread: until its promise is returned, and until that
 * promise is resolved. Three calls every two milliseconds, so that the delivery can follow.
 */
const [setUp, stubUrl, warmUp, count, profileFile] = process.argv.slice(2);
const CALLS_AT_ONCE = 3;

const { tracking, stop } = await start(stubUrl, setUp);
await measure(purchases(0, Number(warmUp)));
const orders = purchases(Number(warmUp), Number(count));
const figures = await profiled(profileFile, () => measure(orders));
await tracking.flush({ timeoutMs: 60_000 });
await stop();
process.send(figures, () => process.exit());

async function measure(orders) {
  const returned = [];
  const accepted = [];
  for (let at = 0; at < orders.length; at += CALLS_AT_ONCE) {
    for (const order of orders.slice(at, at + CALLS_AT_ONCE)) {
      const startedAt = process.hrtime.bigint();
      const receipt = tracking.trackPurchase(order);
      const returnedAt = process.hrtime.bigint();
      const { status } = await receipt;
      const acceptedAt = process.hrtime.bigint();
      if (status !== 'accepted') throw new Error(`not accepted: ${status}`);
      returned.push(Number(returnedAt - startedAt) / 1_000);
      accepted.push(Number(acceptedAt - startedAt) / 1_000);
    }
    await setTimeout(2);
  }
  return { returned: percentiles(returned), accepted: percentiles(accepted) };
}

function percentiles(micros) {
  const sorted = [...micros].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}
