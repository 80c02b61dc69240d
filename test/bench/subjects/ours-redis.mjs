import { startRedis } from '../redis.mjs';
import { startOn } from './ours.mjs';

/** The same on Redis with an append-only file. */
export async function start(stubUrl, setUp) {
  const redis = await startRedis();
  const subject = await startOn(redis.url, stubUrl, setUp);
  return {
    ...subject,
    async stop() {
      await subject.stop();
      await redis.stop();
    },
  };
}
