import { createHash } from 'node:crypto';

import type { Redis } from 'ioredis';

import type { OutboxEntry } from '../outbox/outbox';
import type { Priority } from '../outbox/priority';
import type { GroupCodec } from './group';
import { oldestEntry, type WaitingGroup } from './oldest-entry';
import { answersOf } from './redis-envelope';
import type { RedisQueues } from './redis-queues';
import { EVICT } from './redis-scripts';

/** So many jobs of each kind are looked at; each kind is in order, so that the first is among them. */
const LOOKED_AT = 8;
/** Jobs that are looked at may be taken before they are made smaller. */
const ATTEMPTS = 3;
/** BullMQ's score of a job with a priority is priority * 2^32 + order. */
const PRIORITY_STEP = 2 ** 32;

/** Throws one entry away that no process holds. */
export async function evictOldest(
  redis: Redis,
  queues: RedisQueues,
  groups: GroupCodec,
  counters: string,
  destination: string,
  priority: Priority | undefined,
): Promise<OutboxEntry | undefined> {
  const backend = queues.backend(destination);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const found = oldestEntry(await waitingGroups(redis, queues, groups, destination), priority);
    if (found === undefined) return undefined;
    const { group, entry } = found;
    const left = group.entries.filter((one) => one !== entry);
    const { data, sealed = '' } = groups.encode(destination, left);
    const answer = await redis.eval(
      EVICT,
      2,
      backend.toKey(group.id),
      counters,
      createHash('sha1').update(group.data).digest('hex'),
      data,
      sealed,
      destination,
      1,
      entry.bytes,
    );
    if (answer !== 1) continue;
    // An empty job harms nobody; if it is taken meanwhile, it ends there.
    if (left.length === 0) await backend.remove(group.id, false).catch(() => undefined);
    return entry;
  }
  return undefined;
}

async function waitingGroups(
  redis: Redis,
  queues: RedisQueues,
  groups: GroupCodec,
  destination: string,
): Promise<readonly WaitingGroup[]> {
  const backend = queues.backend(destination);
  const { wait, prioritized, delayed } = backend.keys as Record<string, string>;
  const chain = redis.multi().lrange(wait as string, -LOOKED_AT, -1);
  for (const priority of [1, 2])
    chain.zrangebyscore(
      prioritized as string,
      priority * PRIORITY_STEP,
      `(${(priority + 1) * PRIORITY_STEP}`,
      'LIMIT',
      0,
      LOOKED_AT,
    );
  chain.zrange(delayed as string, 0, String(LOOKED_AT - 1));
  const [first = [], ...others] = (await answersOf(chain)) as string[][];
  // The end of the list is its front.
  const ids = [...first.reverse(), ...others.flat()];
  const found = await Promise.all(
    ids.map((id) => waitingGroup(redis, queues, groups, destination, id)),
  );
  return found.filter((group) => group !== undefined);
}

async function waitingGroup(
  redis: Redis,
  queues: RedisQueues,
  groups: GroupCodec,
  destination: string,
  id: string,
): Promise<WaitingGroup | undefined> {
  // In this order: what is sealed is never older than the data that the script recognises.
  const [data, sealed] = await Promise.all([
    redis.hget(queues.backend(destination).toKey(id), 'data'),
    queues.sealedOf(destination, id),
  ]);
  return data ? { id, data, entries: groups.decode(destination, data, sealed) } : undefined;
}
