import { startRedis } from '../redis.mjs';
import { startOn } from './ours.mjs';

/** The same on Redis with an append-only file. */
export async function start(stubUrl, setUp, transport) {
  const redis = await startRedis();
  const subject = await startOn(redis.url, stubUrl, setUp, transport);
  return {
    ...subject,
    async stop() {
      await subject.stop();
      await redis.stop();
    },
  };
}
