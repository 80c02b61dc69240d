import { randomBytes } from 'node:crypto';

import type { Redis } from 'ioredis';

import type { Clock } from '../clock';
import { isAskedFor } from '../outbox/dead-letter-query';
import { aboutAny } from '../outbox/erasure';
import type { DeadLetter, DeadLetterQuery } from '../outbox/outbox';
import { bytesOf, groupsOf, type GroupCodec } from './group';
import { answersOf, type EvalCommand } from './redis-envelope';
import type { RedisQueues } from './redis-queues';
import { REDRIVE, UNLOCK } from './redis-scripts';
import type { LetterCodec, StoredLetter } from './stored-letter';
import { pause } from './waiting';

interface Found {
  readonly id: string;
  readonly letter: StoredLetter;
}

/** Where things are that are not BullMQ's. */
export interface RedisKeys {
  readonly prefix: string;
  readonly counters: string;
  /** Dead letters by ID; under `#` the last ID. */
  readonly dead: string;
  /** The IDs by age. */
  readonly deadOrder: string;
}

const PAGE = 500;
/** Longer than any redrive; a process that is gone does not block the next for ever. */
const ALONE_MS = 30_000;

/** The dead letters of all destinations, one record each. */
export class RedisDeadLetters {
  constructor(
    private readonly redis: Redis,
    private readonly keys: RedisKeys,
    private readonly queues: RedisQueues,
    private readonly groups: GroupCodec,
    private readonly codec: LetterCodec,
    private readonly clock: Clock,
    private readonly ttlMs: number,
  ) {}

  async list(query: DeadLetterQuery, limit: number): Promise<readonly DeadLetter[]> {
    return (await this.find(query, limit)).map(({ letter }) => this.codec.open(letter));
  }

  private async find(
    query: DeadLetterQuery,
    limit: number,
    isMeant: (entry: StoredLetter['entry']) => boolean = () => true,
  ): Promise<Found[]> {
    const found: Found[] = [];
    const oldestMs = this.clock.now() - this.ttlMs;
    for (let offset = 0; found.length < limit; offset += PAGE) {
      const ids = await this.redis.zrangebyscore(
        this.keys.deadOrder,
        oldestMs,
        '+inf',
        'LIMIT',
        offset,
        PAGE,
      );
      if (ids.length === 0) break;
      const texts = await this.redis.hmget(this.keys.dead, ...ids);
      for (const [index, id] of ids.entries()) {
        const text = texts[index];
        if (!text || found.length >= limit) continue;
        const letter = this.codec.read(text);
        if (isAskedFor(letter, query) && isMeant(letter.entry)) found.push({ id, letter });
      }
    }
    return found;
  }

  redrive(query: DeadLetterQuery, limit: number): Promise<number> {
    return this.alone(async () => {
      const found = await this.find(query, limit);
      const byDestination = new Map<string, Found[]>();
      for (const one of found) {
        const { destination } = one.letter.entry;
        byDestination.set(destination, [...(byDestination.get(destination) ?? []), one]);
      }
      let count = 0;
      for (const [destination, letters] of byDestination) {
        const ids = new Map(letters.map(({ id, letter }) => [this.codec.entryOf(letter), id]));
        const groups = groupsOf([...ids.keys()]);
        const jobs = groups.map(({ priority, entries }) => ({
          id: this.queues.nextJobId(),
          priority,
          entries,
          ...this.groups.encode(destination, entries),
        }));
        const answers = await this.queues.addJobs(destination, jobs, (index, jobKey) => {
          const { entries } = jobs[index] as (typeof jobs)[number];
          const command: EvalCommand = [
            REDRIVE,
            4,
            jobKey,
            this.keys.counters,
            this.keys.dead,
            this.keys.deadOrder,
            destination,
            bytesOf(entries),
            ...entries.map((entry) => ids.get(entry) as string),
          ];
          return (redis) => redis.eval(...command);
        });
        for (const [index, { entries }] of jobs.entries())
          if (answers[index] === 1) count += entries.length;
      }
      return count;
    });
  }

  purge(query: DeadLetterQuery, limit: number): Promise<number> {
    return this.alone(async () => {
      const ids = (await this.find(query, limit)).map(({ id }) => id);
      return this.remove(ids);
    });
  }

  async about(subjects: readonly string[]): Promise<readonly StoredLetter['entry'][]> {
    const found = await this.find({}, Infinity, aboutAny(subjects));
    return found.map(({ letter }) => letter.entry);
  }

  erase(subjects: readonly string[]): Promise<number> {
    return this.alone(async () => {
      const isAbout = aboutAny(subjects);
      const found = await this.find({}, Infinity, isAbout);
      return this.remove(found.map(({ id }) => id));
    });
  }

  async sweep(): Promise<void> {
    const beforeMs = this.clock.now() - this.ttlMs;
    for (;;) {
      const old = await this.redis.zrangebyscore(
        this.keys.deadOrder,
        '-inf',
        `(${beforeMs}`,
        'LIMIT',
        0,
        PAGE,
      );
      if (old.length === 0) return;
      await this.remove(old);
    }
  }

  private async remove(ids: readonly string[]): Promise<number> {
    let count = 0;
    for (let at = 0; at < ids.length; at += PAGE) {
      const page = ids.slice(at, at + PAGE);
      const chain = this.redis
        .multi()
        .hdel(this.keys.dead, ...page)
        .zrem(this.keys.deadOrder, ...page);
      count += ((await answersOf(chain)) as [number])[0];
    }
    return count;
  }

  /** One process at a time, so that a letter is not put back twice. */
  private async alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const key = `${this.keys.prefix}:redriving`;
    const token = randomBytes(9).toString('base64url');
    while ((await this.redis.set(key, token, 'PX', ALONE_MS, 'NX')) !== 'OK') await pause(20);
    try {
      return await work();
    } finally {
      await this.redis.eval(UNLOCK, 1, key, token);
    }
  }
}
