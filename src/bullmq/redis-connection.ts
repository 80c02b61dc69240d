import type { Redis, RedisOptions } from 'ioredis';

import type { Alarm } from './alarm';
import type { Ioredis } from './peers';

const CONNECT_TIMEOUT_MS = 2_000;
const MAX_RECONNECT_MS = 1_000;
/** A connection that says nothing for so long while it is asked is given up. */
const SILENCE_MS = 4_000;

/** What ioredis keeps to itself, and what would hold the process. */
interface Inside {
  readonly stream?: { unref?(): void; destroy?(): void };
  readonly reconnectTimeout?: { unref?(): void } | null;
  readonly socketTimeoutTimer?: { unref?(): void } | undefined;
  setSocketTimeout?(): void;
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
      socketTimeout: SILENCE_MS,
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

/** Another one like it, for commands that wait on the server: whoever sends them knows for how long. */
export function duplicateRedis(redis: Redis, alarm: Alarm): Redis {
  const options: Partial<RedisOptions> = { socketTimeout: undefined };
  return watched(redis.duplicate(options), alarm);
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
  const startTimer = inside.setSocketTimeout?.bind(redis);
  if (startTimer !== undefined)
    inside.setSocketTimeout = () => {
      startTimer();
      inside.socketTimeoutTimer?.unref?.();
    };
  return redis;
}

/** At once: a server that does not answer would hold it up. */
export function endRedis(redis: Redis): void {
  redis.disconnect();
  (redis as unknown as Inside).stream?.destroy?.();
}
