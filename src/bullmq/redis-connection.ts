import type { Redis } from 'ioredis';

import type { Alarm } from './alarm';
import type { Ioredis } from './peers';

const CONNECT_TIMEOUT_MS = 2_000;
const MAX_RECONNECT_MS = 1_000;

/** What ioredis keeps to itself, and what would hold the process. */
interface Inside {
  readonly stream?: { unref?(): void; destroy?(): void };
  readonly reconnectTimeout?: { unref?(): void } | null;
}

/**
 * A connection that fails at once while the server is away, never sends a command twice, comes back by itself
 * and holds no process.
 */
export function connectRedis(ioredis: Ioredis, url: string, alarm: Alarm): Redis {
  return watched(
    new ioredis.Redis(url, {
      lazyConnect: true,
      connectTimeout: CONNECT_TIMEOUT_MS,
      // With more, ioredis forgets what it was asked when it is back at once: it is neither answered nor refused.
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      // A command whose answer was lost may have been carried out.
      autoResendUnfulfilledCommands: false,
      retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), MAX_RECONNECT_MS),
    }),
    alarm,
  );
}

/** Another one like it, for commands that wait on the server. */
export function duplicateRedis(redis: Redis, alarm: Alarm): Redis {
  return watched(redis.duplicate(), alarm);
}

function watched(redis: Redis, alarm: Alarm): Redis {
  const inside = redis as unknown as Inside;
  redis.on('error', (error) => {
    alarm.error('no connection', error);
  });
  redis.on('connect', () => {
    inside.stream?.unref?.();
  });
  redis.on('reconnecting', () => {
    inside.reconnectTimeout?.unref?.();
  });
  return redis;
}

/** At once: a server that does not answer would hold it up. */
export function endRedis(redis: Redis): void {
  redis.disconnect();
  (redis as unknown as Inside).stream?.destroy?.();
}
