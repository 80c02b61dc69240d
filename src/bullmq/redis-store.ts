import type { JobJson } from 'bullmq';
import type { Redis } from 'ioredis';

import type { Clock } from '../clock';
import type { Erasure } from '../outbox/erasure';
import { noCounts, type LaneCounts } from '../outbox/lane-counts';
import type { DeadLetter, DeadLetterQuery, LaneStats, OutboxEntry } from '../outbox/outbox';
import type { OutboxSettings } from '../outbox/outbox-settings';
import type { Priority } from '../outbox/priority';
import type { StorageHealth } from '../outbox/storage';
import type { Vault } from '../records/vault';
import type { Alarm } from './alarm';
import { GroupCodec, type GroupEntry, type StoredEntry } from './group';
import { RecentGroups } from './recent-groups';
import {
  ANNOUNCE_MS,
  LOCK_MS,
  type ErasurePass,
  type GroupStore,
  type JobStep,
  type Report,
  type JobHold,
  type TakenJob,
  type Verdict,
} from './group-store';
import { jobRef } from './job-json';
import type { Bullmq, Ioredis } from './peers';
import { RedisAppends } from './redis-appends';
import { connectRedis, endRedis } from './redis-connection';
import { RedisDeadLetters, type RedisKeys } from './redis-dead-letters';
import { answersOf, Envelope, type EvalCommand } from './redis-envelope';
import { eraseFromJobs, findInJobs } from './redis-erasure';
import { evictOldest } from './redis-eviction';
import { RedisQueues, type RedisBackend } from './redis-queues';
import { RedisRecordStore } from './redis-record-store';
import { REPORT } from './redis-scripts';
import { findServerFaults } from './redis-server-check';
import { LetterCodec, type StoredLetter } from './stored-letter';
import { within } from './waiting';

const OPEN_TIMEOUT_MS = 2_000;

/** The groups in BullMQ's queues on Redis. */
export class RedisStore implements GroupStore {
  readonly maxAppends = 2;
  readonly records: RedisRecordStore;
  private readonly redis: Redis;
  private readonly recent: RecentGroups<readonly GroupEntry[]>;
  private readonly appends: RedisAppends;
  private readonly groups: GroupCodec;
  private readonly letterCodec: LetterCodec;
  private readonly queues: RedisQueues;
  private readonly letters: RedisDeadLetters;
  private readonly keys: RedisKeys;
  private faults: readonly string[] = [];
  private isClosed = false;

  constructor(
    bullmq: Bullmq,
    ioredis: Ioredis,
    url: string,
    prefix: string,
    settings: OutboxSettings,
    clock: Clock,
    vault: Vault,
    private readonly alarm: Alarm,
  ) {
    this.redis = connectRedis(ioredis, url, alarm);
    this.groups = new GroupCodec(vault, 'apart');
    this.recent = new RecentGroups(clock);
    this.queues = new RedisQueues(bullmq, this.redis, prefix, alarm);
    this.records = new RedisRecordStore(this.redis, prefix, clock);
    this.letterCodec = new LetterCodec(vault);
    this.keys = {
      prefix,
      counters: `${prefix}:counters`,
      dead: `${prefix}:dead`,
      deadOrder: `${prefix}:dead:order`,
    };
    this.letters = new RedisDeadLetters(
      this.redis,
      this.keys,
      this.queues,
      this.groups,
      this.letterCodec,
      clock,
      settings.deadLetterTtlMs,
    );
    this.appends = new RedisAppends(
      this.queues,
      this.keys,
      this.groups,
      this.recent,
      settings,
      clock,
    );
    this.redis.on('ready', () => {
      this.check().catch((error: unknown) => {
        this.alarm.error('the server could not be checked', error);
      });
    });
  }

  async open(): Promise<void> {
    // It goes on trying by itself when this fails.
    await within(
      OPEN_TIMEOUT_MS,
      this.redis.connect().then(() => this.check()),
    ).catch((error: unknown) => {
      this.alarm.error('no connection', error);
    });
  }

  health(): StorageHealth {
    if (this.redis.status !== 'ready')
      return { state: 'degraded', reason: 'no connection to the Redis server', isAway: true };
    return this.faults.length === 0
      ? { state: 'ready' }
      : { state: 'degraded', reason: this.faults.join('; ') };
  }

  append(destination: string, entries: readonly OutboxEntry[]): Promise<readonly Verdict[]> {
    return this.appends.append(destination, entries);
  }

  async count(destination: string, counts: Partial<LaneCounts>): Promise<void> {
    const chain = this.redis.multi();
    for (const [name, count] of Object.entries(counts))
      chain.hincrby(this.keys.counters, `${destination}|${name}`, count);
    await answersOf(chain);
  }

  async take(
    destination: string,
    token: string,
  ): Promise<TakenJob | { readonly dueAtMs?: number }> {
    const [job, id, , dueAtMs] = (await this.queues.backend(destination).moveToActive(token)) as [
      JobJson | undefined | null,
      string,
      number,
      number,
    ];
    if (job) return { id, token, entries: await this.entriesOf(destination, id, job.data) };
    return dueAtMs > 0 ? { dueAtMs } : {};
  }

  waitForJob(destination: string, timeoutMs: number): Promise<void> {
    return this.queues.waitForJob(destination, timeoutMs);
  }

  wake(destination: string): void {
    this.queues.wake(destination);
  }

  async countWaiting(destination: string): Promise<number> {
    const { wait, prioritized } = this.queues.backend(destination).keys;
    const chain = this.redis
      .multi()
      .llen(wait as string)
      .zcard(prioritized as string);
    const [waiting, others] = (await answersOf(chain)) as [number, number];
    return waiting + others;
  }

  renew(destination: string, jobs: readonly JobHold[]): Promise<readonly string[]> {
    return this.queues.backend(destination).extendLocks(
      jobs.map(({ id }) => id),
      jobs.map(({ token }) => token),
      LOCK_MS,
    );
  }

  async recover(destination: string): Promise<void> {
    const backend = this.queues.backend(destination);
    await backend.moveStalledJobsToWait();
    const failed = await this.redis.zcard(backend.keys.failed as string);
    if (failed === 0) return;
    this.alarm.error('jobs were found failed', new Error(`${failed} are being put back`));
    await backend.retryFinishedJobs('failed', 1_000, Date.now());
  }

  async settle(destination: string, job: JobHold, report: Report): Promise<boolean> {
    const backend = this.queues.backend(destination);
    const { next } = report;
    const guard = this.reportCommand(backend, destination, job, report);
    if (next.kind === 'keep') return (await this.redis.eval(...guard)) === 1;
    const transaction = new Envelope(this.redis, [guard]);
    const isMoved = await move(this.queues.within(destination, transaction), job, next).then(
      () => true,
      () => false,
    );
    const [answer] = await transaction.answers();
    // Read-only after a failover, or without its replicas: nothing was written, and the lock may still be ours.
    if (answer instanceof Error) throw answer;
    const isOurs = answer === 1;
    // What became of the entries is written: a job that stayed where it was would be worked off once more.
    if (isOurs && !isMoved)
      await move(backend, job, next).catch((error: unknown) => {
        this.alarm.error('a job was left to lapse', error);
      });
    return isOurs;
  }

  async stats(): Promise<readonly LaneStats[]> {
    const stats = new Map<string, LaneStats & Record<string, unknown>>();
    for (const [field, value] of Object.entries(await this.redis.hgetall(this.keys.counters))) {
      const at = field.lastIndexOf('|');
      const destination = field.slice(0, at);
      const one = stats.get(destination) ?? {
        destination,
        pending: 0,
        pendingBytes: 0,
        ...noCounts(),
      };
      stats.set(destination, { ...one, [field.slice(at + 1)]: Number(value) });
    }
    return [...stats.values()];
  }

  evict(destination: string, priority: Priority | undefined): Promise<OutboxEntry | undefined> {
    const { redis, queues, groups, keys } = this;
    return evictOldest(redis, queues, groups, keys.counters, destination, priority);
  }

  async announce(erasure: Erasure): Promise<void> {
    const chain = this.redis
      .multi()
      .rpush(`${this.keys.prefix}:erasures`, JSON.stringify(erasure))
      .pexpire(`${this.keys.prefix}:erasures`, ANNOUNCE_MS);
    await answersOf(chain);
  }

  async announced(): Promise<readonly Erasure[]> {
    const texts = await this.redis.lrange(`${this.keys.prefix}:erasures`, 0, -1);
    return texts.map((text) => JSON.parse(text) as Erasure);
  }

  findAbout(destination: string, subjects: readonly string[]): Promise<readonly StoredEntry[]> {
    const backend = this.queues.backend(destination);
    return findInJobs(this.redis, backend, this.groups, destination, subjects);
  }

  findDeadLettersAbout(subjects: readonly string[]): Promise<readonly StoredLetter['entry'][]> {
    return this.letters.about(subjects);
  }

  erase(destination: string, subjects: readonly string[]): Promise<ErasurePass> {
    const { redis, queues, groups, keys } = this;
    return eraseFromJobs(redis, queues, groups, keys.counters, destination, subjects);
  }

  eraseDeadLetters(subjects: readonly string[]): Promise<number> {
    return this.letters.erase(subjects);
  }

  async deadLetters(query: DeadLetterQuery, limit: number): Promise<readonly DeadLetter[]> {
    return this.letters.list(query, limit);
  }

  redrive(query: DeadLetterQuery, limit: number): Promise<number> {
    return this.letters.redrive(query, limit);
  }

  purgeDeadLetters(query: DeadLetterQuery, limit: number): Promise<number> {
    return this.letters.purge(query, limit);
  }

  /** Keys and records go by themselves. */
  sweep(): Promise<void> {
    return this.letters.sweep();
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.queues.end();
    if (this.redis.status === 'ready')
      await within(1_000, this.redis.quit()).catch(() => undefined);
    endRedis(this.redis);
  }

  /** Those of a job that we have just taken, so that nobody changes it meanwhile. */
  private async entriesOf(
    destination: string,
    id: string,
    data: string,
  ): Promise<readonly GroupEntry[]> {
    const known = this.recent.take(id, data);
    if (known !== undefined) return known;
    const sealed = await this.queues.sealedOf(destination, id);
    return this.groups.decode(destination, data, sealed);
  }

  private reportCommand(
    backend: RedisBackend,
    destination: string,
    job: JobHold,
    { counts, dead, freedBytes, next }: Report,
  ): EvalCommand {
    const { delivered = 0, deadLettered = 0, expired = 0, dropped = 0 } = counts;
    const increments = Object.entries({
      ...counts,
      pending: -(delivered + deadLettered + expired + dropped),
      pendingBytes: -freedBytes,
    }).filter(([, increment]) => increment !== 0);
    const left = 'left' in next ? this.groups.encode(destination, next.left) : undefined;
    return [
      REPORT,
      4,
      backend.toKey(job.id),
      this.keys.counters,
      this.keys.dead,
      this.keys.deadOrder,
      job.token,
      left?.data ?? '',
      left?.sealed ?? '',
      destination,
      increments.length,
      ...increments.flat(),
      ...dead.flatMap((letter) => [letter.atMs, this.letterCodec.encode(letter)]),
    ];
  }

  private async check(): Promise<void> {
    const faults = await findServerFaults(this.redis);
    for (const fault of faults) if (!this.faults.includes(fault)) this.alarm.warn(fault);
    this.faults = faults;
  }
}

type Move = Exclude<JobStep, { readonly kind: 'keep' }>;

function move(backend: RedisBackend, { id, token }: JobHold, next: Move): Promise<unknown> {
  if (next.kind === 'complete')
    return backend.moveToCompleted(jobRef({ id }), null, true, token, false);
  return 'delayMs' in next
    ? backend.moveToDelayed(id, Date.now(), next.delayMs, token, { skipAttempt: true })
    : backend.moveJobFromActiveToWait(id, token);
}
