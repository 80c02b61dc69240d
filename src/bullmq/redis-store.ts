import { randomBytes } from 'node:crypto';

import type { JobJson } from 'bullmq';
import type { Redis } from 'ioredis';

import type { Clock } from '../clock';
import { entryBytes } from '../outbox/entry-bytes';
import type { Erasure } from '../outbox/erasure';
import { noCounts, type LaneCounts } from '../outbox/lane-counts';
import type { DeadLetter, DeadLetterQuery, LaneStats, OutboxEntry } from '../outbox/outbox';
import type { OutboxSettings } from '../outbox/outbox-settings';
import type { Priority } from '../outbox/priority';
import type { StorageHealth } from '../outbox/storage';
import type { Vault } from '../records/vault';
import type { Alarm } from './alarm';
import { bytesOf, GroupCodec, groupsOf, type Group, type StoredEntry } from './group';
import { RecentGroups } from './recent-groups';
import {
  ANNOUNCE_MS,
  CLAIM_MS,
  LOCK_MS,
  type ErasurePass,
  type GroupStore,
  type Report,
  type TakenJob,
  type Verdict,
} from './group-store';
import { jobRef } from './job-json';
import { keyHash } from './key-hash';
import type { Bullmq, Ioredis } from './peers';
import { connectRedis, endRedis } from './redis-connection';
import { RedisDeadLetters, type RedisKeys } from './redis-dead-letters';
import { answersOf, Envelope, type EvalCommand } from './redis-envelope';
import { eraseFromJobs, findInJobs } from './redis-erasure';
import { evictOldest } from './redis-eviction';
import { RedisQueues, type RedisBackend } from './redis-queues';
import { RedisRecordStore } from './redis-record-store';
import { CLAIM, CONFIRM, RELEASE, REPORT } from './redis-scripts';
import { findServerFaults } from './redis-server-check';
import { LetterCodec, type StoredLetter } from './stored-letter';
import { within } from './waiting';

const OPEN_TIMEOUT_MS = 2_000;

/** The groups in BullMQ's queues on Redis. */
export class RedisStore implements GroupStore {
  readonly records: RedisRecordStore;
  private readonly redis: Redis;
  private readonly groups: GroupCodec;
  private readonly letterCodec: LetterCodec;
  private readonly queues: RedisQueues;
  private readonly letters: RedisDeadLetters;
  private readonly keys: RedisKeys;
  private readonly token = randomBytes(9).toString('base64url');
  private faults: readonly string[] = [];
  private isClosed = false;

  constructor(
    bullmq: Bullmq,
    ioredis: Ioredis,
    url: string,
    prefix: string,
    private readonly settings: OutboxSettings,
    private readonly clock: Clock,
    vault: Vault,
    private readonly alarm: Alarm,
  ) {
    this.redis = connectRedis(ioredis, url, alarm);
    this.groups = new GroupCodec(vault, new RecentGroups(clock));
    this.queues = new RedisQueues(bullmq, this.redis, prefix, this.groups, alarm);
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
      this.letterCodec,
      clock,
      settings.deadLetterTtlMs,
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

  async append(destination: string, entries: readonly OutboxEntry[]): Promise<readonly Verdict[]> {
    const [pending = 0, ...codes] = await this.claim(destination, entries);
    const isStored = new Set<OutboxEntry>();
    const claimed = entries.filter((_entry, index) => codes[index] === 0);
    if (claimed.length > 0) {
      for (const group of await this.addGroups(destination, groupsOf(claimed)))
        for (const entry of group.entries) isStored.add(entry);
      if (isStored.size < claimed.length)
        await this.release(claimed.filter((entry) => !isStored.has(entry)));
    }
    return entries.map((entry, index): Verdict => {
      if (isStored.has(entry)) return { kind: 'stored' };
      if (codes[index] === 1) return { kind: 'duplicate' };
      if (codes[index] === 2) return { kind: 'claimed' };
      if (codes[index] === 3) return { kind: 'full', pending };
      return { kind: 'failed', reason: 'the server took no job; is its memory full?' };
    });
  }

  async release(entries: readonly OutboxEntry[]): Promise<void> {
    const keys = entries.map(({ key }) => this.keyOf(key));
    const token = this.tokenOf(entries[0]?.destination ?? '');
    await this.redis.eval(RELEASE, keys.length, ...keys, token);
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
    if (job) return { id, token, entries: this.groups.decode(destination, job.data) };
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

  renew(destination: string, jobs: readonly TakenJob[]): Promise<readonly string[]> {
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

  async settle(destination: string, job: TakenJob, report: Report): Promise<boolean> {
    const backend = this.queues.backend(destination);
    const { next } = report;
    const guard = this.reportCommand(backend, destination, job, report);
    if (next.kind === 'keep') return (await this.redis.eval(...guard)) === 1;
    const transaction = new Envelope(this.redis, [guard], () => []);
    const sibling = this.queues.within(destination, transaction);
    const moved =
      next.kind === 'complete'
        ? sibling.moveToCompleted(jobRef(job), null, true, job.token, false)
        : 'delayMs' in next
          ? sibling.moveToDelayed(job.id, Date.now(), next.delayMs, job.token, {
              skipAttempt: true,
            })
          : sibling.moveJobFromActiveToWait(job.id, job.token);
    let problem: unknown;
    await moved.catch((error: unknown) => {
      problem = error;
    });
    const isOurs = (await transaction.answers())[0] === 1;
    if (isOurs && problem !== undefined) this.alarm.error('a job was left to lapse', problem);
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
    const backend = this.queues.backend(destination);
    return evictOldest(this.redis, backend, this.groups, this.keys.counters, destination, priority);
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
    const backend = this.queues.backend(destination);
    const { counters } = this.keys;
    return eraseFromJobs(this.redis, backend, this.groups, counters, destination, subjects);
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

  private async claim(destination: string, entries: readonly OutboxEntry[]): Promise<number[]> {
    const { maxPendingEntries, maxPendingBytes } = this.settings;
    const keys = entries.map(({ key }) => this.keyOf(key));
    return (await this.redis.eval(
      CLAIM,
      keys.length + 1,
      this.keys.counters,
      ...keys,
      this.tokenOf(destination),
      CLAIM_MS,
      this.clock.now(),
      destination,
      maxPendingEntries,
      maxPendingBytes,
      ...entries.map(entryBytes),
    )) as number[];
  }

  private addGroups(destination: string, groups: readonly Group[]): Promise<readonly Group[]> {
    const { idempotencyWindowMs } = this.settings;
    const expiresAtMs = this.clock.now() + idempotencyWindowMs;
    return this.queues.addJobs(destination, groups, (jobKey, { entries }) => [
      CONFIRM,
      entries.length + 2,
      jobKey,
      this.keys.counters,
      ...entries.map(({ key }) => this.keyOf(key)),
      expiresAtMs,
      Math.max(Math.ceil(idempotencyWindowMs), 1),
      destination,
      bytesOf(entries),
    ]);
  }

  private reportCommand(
    backend: RedisBackend,
    destination: string,
    job: TakenJob,
    { counts, dead, freedBytes, next }: Report,
  ): EvalCommand {
    const { delivered = 0, deadLettered = 0, expired = 0, dropped = 0 } = counts;
    const increments = Object.entries({
      ...counts,
      pending: -(delivered + deadLettered + expired + dropped),
      pendingBytes: -freedBytes,
    }).filter(([, increment]) => increment !== 0);
    return [
      REPORT,
      4,
      backend.toKey(job.id),
      this.keys.counters,
      this.keys.dead,
      this.keys.deadOrder,
      job.token,
      'left' in next ? this.groups.encode(destination, next.left) : '',
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

  /** One queue's own claim is free to it: what an earlier attempt has left. */
  private tokenOf(destination: string): string {
    return `${this.token}|${destination}`;
  }

  private keyOf(key: string): string {
    return `${this.keys.prefix}:k:${keyHash(key)}`;
  }
}
