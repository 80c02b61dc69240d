import { createHash } from 'node:crypto';

import type { Redis } from 'ioredis';

import type { OutboxEntry } from '../outbox/outbox';
import type { Priority } from '../outbox/priority';
import type { GroupCodec } from './group';
import { oldestEntry, type WaitingGroup } from './oldest-entry';
import { answersOf } from './redis-envelope';
import type { RedisBackend } from './redis-queues';
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
  backend: RedisBackend,
  groups: GroupCodec,
  counters: string,
  destination: string,
  priority: Priority | undefined,
): Promise<OutboxEntry | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const found = oldestEntry(await waitingGroups(redis, backend, groups, destination), priority);
    if (found === undefined) return undefined;
    const { group, entry } = found;
    const left = group.entries.filter((one) => one !== entry);
    const answer = await redis.eval(
      EVICT,
      2,
      backend.toKey(group.id),
      counters,
      createHash('sha1').update(group.data).digest('hex'),
      groups.encode(destination, left),
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
  backend: RedisBackend,
  groups: GroupCodec,
  destination: string,
): Promise<readonly WaitingGroup[]> {
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
  if (ids.length === 0) return [];
  const read = redis.multi();
  for (const id of ids) read.hget(backend.toKey(id), 'data');
  const data = (await answersOf(read)) as (string | null)[];
  return ids.flatMap((id, index) => {
    const text = data[index];
    return text ? [{ id, data: text, entries: groups.decode(destination, text) }] : [];
  });
}
