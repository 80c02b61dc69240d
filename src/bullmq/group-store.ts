import type { Erasure } from '../outbox/erasure';
import type { LaneCounts } from '../outbox/lane-counts';
import type { DeadLetter, DeadLetterQuery, LaneStats, OutboxEntry } from '../outbox/outbox';
import type { Priority } from '../outbox/priority';
import type { StorageHealth } from '../outbox/storage';
import type { RecordStore } from '../records/record-store';
import type { GroupEntry, StoredEntry } from './group';
import type { Buried, StoredLetter } from './stored-letter';

/** What the server says to one new entry. */
export type Verdict =
  | { readonly kind: 'stored' }
  | { readonly kind: 'duplicate' }
  /** A process of an older version is storing this very key; whether it succeeds is not known yet. */
  | { readonly kind: 'claimed' }
  | { readonly kind: 'full'; readonly pending: number }
  | { readonly kind: 'failed'; readonly reason: string };

/** By which a process holds a job. */
export interface JobHold {
  readonly id: string;
  readonly token: string;
}

/** A job that this process holds until its lock lapses. */
export interface TakenJob extends JobHold {
  readonly entries: readonly GroupEntry[];
}

/** What became of entries of a held job since the last report. */
export interface Report {
  readonly counts: Partial<LaneCounts>;
  readonly dead: readonly Buried[];
  /** What the ended entries took. */
  readonly freedBytes: number;
  readonly next: JobStep;
}

/** What becomes of the job itself; `left` are the entries that stay in it. */
export type JobStep =
  | { readonly kind: 'complete' }
  | { readonly kind: 'keep' | 'give-back'; readonly left: readonly StoredEntry[] }
  | { readonly kind: 'delay'; readonly left: readonly StoredEntry[]; readonly delayMs: number }
  /** It stays as it is: nobody here can open it. */
  | { readonly kind: 'put-off'; readonly delayMs: number };

/** Entries without their wire events, of one look at all jobs. */
export interface ErasurePass {
  readonly erased: StoredEntry[];
  /** A process has them in its hands. */
  readonly held: StoredEntry[];
  /** Others that share their job cannot be written back, because no key of ours opens them. */
  readonly sealed: StoredEntry[];
}

/**
 * Groups of entries in BullMQ's queues on one server, with what BullMQ does not keep for us. Every method
 * that speaks to the server rejects when it is away; each is atomic on the server.
 */
export interface GroupStore {
  /** Tells all processes for a while to let go what they hold. */
  announce(erasure: Erasure): Promise<void>;
  /** What was announced of late. */
  announced(): Promise<readonly Erasure[]>;
  /** Entries about these people in all jobs, without their wire events. */
  findAbout(destination: string, subjects: readonly string[]): Promise<readonly StoredEntry[]>;
  findDeadLettersAbout(subjects: readonly string[]): Promise<readonly StoredLetter['entry'][]>;
  /** Takes entries about these people out of all jobs that no process holds. */
  erase(destination: string, subjects: readonly string[]): Promise<ErasurePass>;
  eraseDeadLetters(subjects: readonly string[]): Promise<number>;
  readonly records: RecordStore;
  /** Resolves when the first connection stands, or when it is clear that it does not. */
  open(): Promise<void>;
  health(): StorageHealth;
  /** How many appends may be under way at once: one more may be prepared while the server works. */
  readonly maxAppends: number;
  /** One verdict per entry, in order. No two of the entries have the same key. */
  append(destination: string, entries: readonly OutboxEntry[]): Promise<readonly Verdict[]>;
  /** Adds to counters that belong to no job. */
  count(destination: string, counts: Partial<LaneCounts>): Promise<void>;
  /** The next job, or when the next delayed one is due, in Unix milliseconds. */
  take(destination: string, token: string): Promise<TakenJob | { readonly dueAtMs?: number }>;
  /** Resolves when there may be a job, at the latest after the time; rejects when it cannot know. */
  waitForJob(destination: string, timeoutMs: number): Promise<void>;
  /** Jobs that nobody has taken and that are due. */
  countWaiting(destination: string): Promise<number>;
  /** @returns those of the jobs that are not ours any more. */
  renew(destination: string, jobs: readonly JobHold[]): Promise<readonly string[]>;
  /** Puts jobs back whose process is gone, and jobs that somebody moved to BullMQ's failed set. */
  recover(destination: string): Promise<void>;
  /** @returns whether the job was still ours; if it was not, nothing has changed. */
  settle(destination: string, job: JobHold, report: Report): Promise<boolean>;
  /** Throws one entry away that no process holds: the oldest, or the oldest of one priority. */
  evict(destination: string, priority: Priority | undefined): Promise<OutboxEntry | undefined>;
  stats(): Promise<readonly LaneStats[]>;
  deadLetters(query: DeadLetterQuery, limit: number): Promise<readonly DeadLetter[]>;
  redrive(query: DeadLetterQuery, limit: number): Promise<number>;
  purgeDeadLetters(query: DeadLetterQuery, limit: number): Promise<number>;
  /** Forgets what the clock says has expired. */
  sweep(): Promise<void>;
  /** Ends a lane's wait for a job. */
  wake(destination: string): void;
  close(): Promise<void>;
}

/** A process that is gone is noticed when its lock has lapsed and two sweeps have passed. */
export const LOCK_MS = 4_500;
export const RENEW_MS = 1_200;
export const RECOVER_MS = 750;
/** How long an erasure is announced: longer than any process holds its breath. */
export const ANNOUNCE_MS = 60_000;
