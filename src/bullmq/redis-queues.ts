import { randomBytes } from 'node:crypto';

import type { IRedisClient, RedisConnection } from 'bullmq';
import type { Redis } from 'ioredis';

import type { Priority } from '../outbox/priority';
import type { Alarm } from './alarm';
import type { GroupData } from './group';
import { LOCK_MS, RECOVER_MS } from './group-store';
import { jobJson } from './job-json';
import { queueName } from './lane-name';
import type { Bullmq } from './peers';
import { duplicateRedis, endRedis } from './redis-connection';
import { Envelope, type Send } from './redis-envelope';
import { within } from './waiting';

export type RedisBackend = InstanceType<Bullmq['RedisQueueBackend']>;

interface RedisLane {
  readonly name: string;
  readonly backend: RedisBackend;
  /** Waits on the server for a job; made when it is first needed. */
  waiting?: Redis;
}

/** A job that is to be added. */
export interface NewJob extends GroupData {
  readonly id: string;
  readonly priority: Priority;
}

/** A job that makes trouble is tried for ever: nothing of it may end in BullMQ's failed set. */
const MAX_STALLED = 2_000_000_000;
const QUEUE_OPTIONS = {
  lockDuration: LOCK_MS,
  stalledInterval: RECOVER_MS,
  maxStalledCount: MAX_STALLED,
  // Without these a lane could fill the disk with what nobody reads.
  removeOnComplete: { count: 0 },
};

/** BullMQ's queues, one per destination, on one connection and one more for each that is consumed. */
export class RedisQueues {
  private readonly lanes = new Map<string, RedisLane>();
  private readonly idPrefix = randomBytes(9).toString('base64url');
  private jobs = 0;

  constructor(
    private readonly bullmq: Bullmq,
    private readonly redis: Redis,
    private readonly prefix: string,
    private readonly alarm: Alarm,
  ) {}

  backend(destination: string): RedisBackend {
    return this.lane(destination).backend;
  }

  nextJobId(): string {
    this.jobs += 1;
    return `${this.idPrefix}-${this.jobs}`;
  }

  /** The same queue, by a client that sends what BullMQ does within our transaction. */
  within(destination: string, transaction: Envelope): RedisBackend {
    const { name, backend } = this.lane(destination);
    const connection = {
      client: Promise.resolve(transaction as unknown as IRedisClient),
      redisVersion: backend.redisVersion,
      databaseType: backend.databaseType,
    };
    return new this.bullmq.RedisQueueBackend(
      connection as unknown as RedisConnection,
      name,
      backend.keys,
      (type) => backend.toKey(type),
      QUEUE_OPTIONS as unknown as ConstructorParameters<Bullmq['RedisQueueBackend']>[4],
      undefined,
      false,
    );
  }

  /**
   * Adds the jobs, each followed by a script of its own, all in one transaction.
   *
   * @param follow sends the script that says whether it found its job.
   * @returns what the scripts answered, in order; an error where one failed.
   */
  async addJobs(
    destination: string,
    jobs: readonly NewJob[],
    follow: (index: number, jobKey: string) => Send,
  ): Promise<readonly unknown[]> {
    const backend = this.backend(destination);
    const transaction = new Envelope(this.redis, [], (index) => {
      const { id, sealed } = jobs[index] as NewJob;
      const jobKey = backend.toKey(id);
      const script = follow(index, jobKey);
      if (sealed === undefined) return [script];
      return [(redis) => redis.rpush(sealedKeyOf(jobKey), sealed), script];
    });
    let problem: unknown;
    await this.within(destination, transaction)
      .addJobs(
        jobs.map(({ id, data, priority }) => ({
          job: jobJson(id, data, priority),
          jobId: id,
          parentKeyOpts: {},
        })),
      )
      .catch((error: unknown) => {
        problem = error;
      });
    const answers = await transaction.answers();
    if (problem !== undefined) this.alarm.error('a job was not added', problem);
    return transaction.lastPlaces.map((place) => answers[place]);
  }

  /** What of the job is sealed and stands apart from its data. */
  sealedOf(destination: string, id: string): Promise<Buffer | null> {
    return this.redis.lindexBuffer(sealedKeyOf(this.backend(destination).toKey(id)), 0);
  }

  async waitForJob(destination: string, timeoutMs: number): Promise<void> {
    const lane = this.lane(destination);
    lane.waiting ??= duplicateRedis(this.redis, this.alarm);
    const { waiting } = lane;
    if (waiting.status === 'wait') await waiting.connect();
    const { marker } = lane.backend.keys;
    const seconds = Math.max(timeoutMs / 1_000, 0.01);
    const answer = waiting.bzpopmin(marker as string, seconds);
    try {
      await within(timeoutMs + 2_000, answer);
    } catch (error) {
      // A connection that does not answer is given up, not waited for.
      if (waiting.status === 'ready') waiting.disconnect(true);
      throw error;
    }
  }

  wake(destination: string): void {
    // Its blocking command ends with the connection; the next wait makes it anew.
    const lane = this.lanes.get(destination);
    if (lane?.waiting === undefined) return;
    endRedis(lane.waiting);
    delete lane.waiting;
  }

  end(): void {
    for (const destination of this.lanes.keys()) this.wake(destination);
  }

  private lane(destination: string): RedisLane {
    let lane = this.lanes.get(destination);
    if (lane === undefined) {
      const name = queueName(destination);
      const backend = this.bullmq.createRedisBackend(name, {
        connection: this.redis,
        prefix: `${this.prefix}:q`,
        skipVersionCheck: true,
        skipWaitingForReady: true,
        ...QUEUE_OPTIONS,
      } as Parameters<Bullmq['createRedisBackend']>[1]);
      backend.on('error', (error) => {
        this.alarm.error('no connection', error);
      });
      lane = { name, backend };
      this.lanes.set(destination, lane);
      // BullMQ keeps the last 10,000 events of a queue; nobody reads ours.
      this.redis.hset(backend.keys.meta as string, 'opts.maxLenEvents', 100).catch(() => undefined);
    }
    return lane;
  }
}

/** BullMQ keeps a list there and removes it with the job, whoever does so. */
function sealedKeyOf(jobKey: string): string {
  return `${jobKey}:logs`;
}
