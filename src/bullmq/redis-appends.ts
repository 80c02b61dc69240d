import type { Clock } from '../clock';
import { entryBytes } from '../outbox/entry-bytes';
import type { OutboxEntry } from '../outbox/outbox';
import type { OutboxSettings } from '../outbox/outbox-settings';
import { WirePackers } from '../outbox/wire-packers';
import { bytesOf, groupsOf, type Group, type GroupCodec, type GroupEntry } from './group';
import type { Verdict } from './group-store';
import { keyHash } from './key-hash';
import type { RecentGroups } from './recent-groups';
import type { RedisKeys } from './redis-dead-letters';
import type { EvalCommand } from './redis-envelope';
import type { NewJob, RedisQueues } from './redis-queues';
import { ACCEPT } from './redis-scripts';

/** What `ACCEPT` says of one job; the codes are those of its entries. */
type Answer = [kind: 0 | 1 | 2, pending: number, pendingBytes: number, ...codes: (0 | 1 | 2)[]];

type NewGroup = NewJob & Group;

/** Entries that are refused alone leave the others to be written once more; who fills the last places meanwhile is another process. */
const MAX_ROUNDS = 5;
const STORED: Verdict = { kind: 'stored' };
const DUPLICATE: Verdict = { kind: 'duplicate' };
const CLAIMED: Verdict = { kind: 'claimed' };
const NO_JOB: Verdict = {
  kind: 'failed',
  reason: 'the server took no job; is its memory full?',
};
const TOO_MANY_ROUNDS: Verdict = {
  kind: 'failed',
  reason: 'other processes stored too much at the same time',
};

/** Stores new entries: a job per group and the keys of its entries in one transaction, so that a group is stored or is not. */
export class RedisAppends {
  private readonly packers = new WirePackers();

  constructor(
    private readonly queues: RedisQueues,
    private readonly keys: RedisKeys,
    private readonly groups: GroupCodec,
    private readonly recent: RecentGroups<readonly GroupEntry[]>,
    private readonly settings: OutboxSettings,
    private readonly clock: Clock,
  ) {}

  async append(destination: string, entries: readonly OutboxEntry[]): Promise<readonly Verdict[]> {
    const refused = new Map<OutboxEntry, Verdict>();
    let left = entries;
    for (let round = 0; round < MAX_ROUNDS && left.length > 0; round += 1)
      left = await this.write(destination, left, refused, round === MAX_ROUNDS - 1);
    for (const entry of left) refused.set(entry, TOO_MANY_ROUNDS);
    return entries.map((entry) => refused.get(entry) ?? STORED);
  }

  /** @returns those that are neither stored nor refused. */
  private async write(
    destination: string,
    entries: readonly OutboxEntry[],
    refused: Map<OutboxEntry, Verdict>,
    isLast: boolean,
  ): Promise<readonly OutboxEntry[]> {
    const jobs = groupsOf(entries).map((group) => this.newJob(destination, group));
    const answers = await this.add(destination, jobs);
    const again: OutboxEntry[] = [];
    for (const [index, job] of jobs.entries()) {
      const answer = answers[index];
      if (isAnswer(answer) && answer[0] === 1) continue;
      this.recent.remove(job.id);
      if (isAnswer(answer) && answer[0] === 2) again.push(...this.fitting(job, answer, refused));
      // A server that had forgotten BullMQ's script has been given it again.
      else if (isAnswer(answer) && !isLast) again.push(...job.entries);
      else for (const entry of job.entries) refused.set(entry, NO_JOB);
    }
    return again;
  }

  private newJob(destination: string, { priority, entries }: Group): NewGroup {
    const id = this.queues.nextJobId();
    const { data, sealed } = this.groups.encode(destination, entries);
    this.recent.put(id, data, data.length + (sealed?.length ?? 0), this.packedAnew(entries));
    return { id, priority, entries, data, sealed };
  }

  /** What is remembered must not keep the memory of all that came with it. */
  private packedAnew(entries: readonly OutboxEntry[]): readonly GroupEntry[] {
    return entries.map((entry) => ({ ...entry, wire: this.packers.pack(entry) }));
  }

  private add(destination: string, jobs: readonly NewGroup[]): Promise<readonly unknown[]> {
    const { idempotencyWindowMs, maxPendingEntries, maxPendingBytes } = this.settings;
    const { wait, prioritized } = this.queues.backend(destination).keys;
    const nowMs = this.clock.now();
    return this.queues.addJobs(destination, jobs, (index, jobKey) => {
      const { id, entries } = jobs[index] as NewGroup;
      const command: EvalCommand = [
        ACCEPT,
        entries.length + 4,
        jobKey,
        this.keys.counters,
        wait as string,
        prioritized as string,
        ...entries.map(({ key }) => this.keyOf(key)),
        nowMs + idempotencyWindowMs,
        Math.max(Math.ceil(idempotencyWindowMs), 1),
        nowMs,
        destination,
        maxPendingEntries,
        maxPendingBytes,
        bytesOf(entries),
        id,
      ];
      return (redis) => redis.eval(...command);
    });
  }

  /** Says why the group was not stored. @returns what of it would have been alone. */
  private fitting(
    { entries }: Group,
    [, pending, pendingBytes, ...codes]: Answer,
    refused: Map<OutboxEntry, Verdict>,
  ): OutboxEntry[] {
    const { maxPendingEntries, maxPendingBytes } = this.settings;
    const fitting: OutboxEntry[] = [];
    let bytes = pendingBytes;
    for (const [index, entry] of entries.entries()) {
      const size = entryBytes(entry);
      if (codes[index] === 1) refused.set(entry, DUPLICATE);
      else if (codes[index] === 2) refused.set(entry, CLAIMED);
      else if (pending + fitting.length >= maxPendingEntries || bytes + size > maxPendingBytes)
        refused.set(entry, { kind: 'full', pending });
      else {
        bytes += size;
        fitting.push(entry);
      }
    }
    return fitting;
  }

  private keyOf(key: string): string {
    return `${this.keys.prefix}:k:${keyHash(key)}`;
  }
}

/** An error stands where the script could not run. */
function isAnswer(answer: unknown): answer is Answer {
  return Array.isArray(answer);
}
