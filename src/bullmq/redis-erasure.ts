import { createHash } from 'node:crypto';

import type { Redis } from 'ioredis';

import type { GroupCodec, StoredEntry } from './group';
import type { ErasurePass } from './group-store';
import { answersOf } from './redis-envelope';
import type { RedisBackend, RedisQueues } from './redis-queues';
import { EVICT, FIND } from './redis-scripts';

/** Jobs that the server looks through in one command: some 6 MB at most. */
const PAGE = 16;

/** Entries about these people in all jobs, those that a process holds included. */
export async function findInJobs(
  redis: Redis,
  backend: RedisBackend,
  groups: GroupCodec,
  destination: string,
  subjects: readonly string[],
): Promise<readonly StoredEntry[]> {
  const found: StoredEntry[] = [];
  for await (const { id } of jobsAbout(redis, backend, subjects)) {
    const data = await redis.hget(backend.toKey(id), 'data');
    if (data !== null) found.push(...groups.about(destination, data, subjects));
  }
  return found;
}

/** Takes entries about these people out of all jobs that no process holds, and looks who holds others. */
export async function eraseFromJobs(
  redis: Redis,
  queues: RedisQueues,
  groups: GroupCodec,
  counters: string,
  destination: string,
  subjects: readonly string[],
): Promise<ErasurePass> {
  const backend = queues.backend(destination);
  const pass: ErasurePass = { erased: [], held: [], sealed: [] };
  for await (const { id, isHeld } of jobsAbout(redis, backend, subjects))
    await eraseFromJob(id, isHeld);
  return pass;

  async function eraseFromJob(id: string, isHeld: boolean): Promise<void> {
    // In this order: what is sealed is never older than the data that the script recognises.
    const [data, sealed] = await Promise.all([
      redis.hget(backend.toKey(id), 'data'),
      queues.sealedOf(destination, id),
    ]);
    const split = data === null ? undefined : groups.without(destination, data, subjects, sealed);
    if (data === null || split === undefined) return;
    if (isHeld) pass.held.push(...split.about);
    else if (split.left === undefined) pass.sealed.push(...split.about);
    else {
      const answer = await redis.eval(
        EVICT,
        2,
        backend.toKey(id),
        counters,
        createHash('sha1').update(data).digest('hex'),
        split.left.data,
        split.left.sealed ?? '',
        destination,
        split.about.length,
        split.bytes,
      );
      if (answer !== 1) pass.held.push(...split.about);
      else pass.erased.push(...split.about);
      // An empty job harms nobody; if it is taken meanwhile, it ends there.
      if (answer === 1 && split.isEmpty) await backend.remove(id, false).catch(() => undefined);
    }
  }
}

async function* jobsAbout(
  redis: Redis,
  backend: RedisBackend,
  subjects: readonly string[],
): AsyncGenerator<{ readonly id: string; readonly isHeld: boolean }> {
  const { wait, prioritized, delayed, active } = backend.keys as Record<string, string>;
  const ids = (await answersOf(
    redis
      .multi()
      .lrange(wait as string, 0, -1)
      .zrange(prioritized as string, 0, '-1')
      .zrange(delayed as string, 0, '-1')
      .lrange(active as string, 0, -1),
  )) as string[][];
  const all = ids.flat();
  const held = new Set(ids[3]);
  for (let at = 0; at < all.length; at += PAGE) {
    const page = all.slice(at, at + PAGE);
    const jobs = page.map((id) => backend.toKey(id));
    const found = (await redis.eval(FIND, jobs.length, ...jobs, ...subjects)) as number[];
    for (const index of found) {
      const id = page[index - 1] as string;
      yield { id, isHeld: held.has(id) };
    }
  }
}
