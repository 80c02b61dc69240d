import { createRequire } from 'node:module';

import { PLATFORMS } from '../accounts.mjs';
import { hashUser } from '../payloads.mjs';
import { startRedis } from '../redis.mjs';
import { fetchSender } from './fetch-sender.mjs';
import { inParallel } from './in-parallel.mjs';

const fromRoot = createRequire(new URL('../../../package.json', import.meta.url));

/** The service that is written second: a BullMQ job per event, and a worker with one `fetch` per platform. */
export async function start(stubUrl, setUp) {
  const { Queue, Worker } = fromRoot('bullmq');
  const redis = await startRedis();
  const connection = { host: '127.0.0.1', port: redis.port, maxRetriesPerRequest: null };
  const queue = new Queue('events', { connection });
  const send = fetchSender(stubUrl);
  let finished = 0;
  const worker = new Worker(
    'events',
    async ({ data: { order, hashes, nowMs } }) => {
      await Promise.allSettled(
        PLATFORMS[setUp].map((platform) => send(platform, order, hashes, nowMs)),
      );
      finished += 1;
    },
    { connection, concurrency: 50, removeOnComplete: { count: 0 } },
  );
  await worker.waitUntilReady();
  return {
    async deliver(orders) {
      const goal = finished + orders.length;
      await inParallel(orders, (order) =>
        queue.add('purchase', { order, hashes: hashUser(order), nowMs: Date.now() }),
      );
      while (finished < goal) await new Promise((resolve) => setTimeout(resolve, 2));
    },
    async stop() {
      await worker.close();
      await queue.close();
      await redis.stop();
    },
  };
}
