import type { Storage, StorageTools } from '../outbox/storage';
import { Alarm } from './alarm';
import { BullmqOutbox } from './bullmq-outbox';
import type { GroupStore } from './group-store';
import { loadPostgresPeers, loadRedisPeers } from './peers';
import { PostgresStore } from './postgres-store';
import { RedisStore } from './redis-store';
import { readStorageUrl, type StorageUrl } from './storage-url';

/**
 * Opens the storage that processes share. A server that is away does not stop the start: the storage is
 * degraded, refuses what it is given, and recovers by itself.
 *
 * @param url `redis://`, `rediss://`, `postgres://` or `postgresql://`; `?prefix=` keeps several applications
 *   on one server apart (default `tracking`).
 * @throws Error that says what to install, or what is wrong with the URL.
 */
export async function openBullmqStorage(url: string, tools: StorageTools): Promise<Storage> {
  const read = readStorageUrl(url);
  const alarm = new Alarm(tools.logger, read.description);
  const store = await makeStore(read, tools, alarm);
  await store.open();
  const outbox = new BullmqOutbox(store, tools.clock, tools.settings, tools.activity, alarm);
  return {
    description: read.description,
    isDurable: true,
    outbox,
    records: store.records,
    health: () => outbox.health(),
    close: () => outbox.close(),
  };
}

async function makeStore(
  { server, connection, prefix }: StorageUrl,
  { settings, clock, vault }: StorageTools,
  alarm: Alarm,
): Promise<GroupStore> {
  if (server === 'redis') {
    const { bullmq, ioredis } = await loadRedisPeers();
    return new RedisStore(bullmq, ioredis, connection, prefix, settings, clock, vault, alarm);
  }
  const { bullmq, pg } = await loadPostgresPeers();
  return new PostgresStore(bullmq, pg, connection, prefix, settings, clock, vault, alarm);
}
