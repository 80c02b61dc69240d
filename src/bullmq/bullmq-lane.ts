import type { Clock } from '../clock';
import type { ActivityStream } from '../outbox/activity';
import { Dispatcher } from '../outbox/dispatcher';
import { aboutAny, ERASED, type Erasure } from '../outbox/erasure';
import { evictionOrder } from '../outbox/eviction';
import type { LaneCounts } from '../outbox/lane-counts';
import type {
  AppendResult,
  Consumer,
  EntryHandler,
  LaneOptions,
  NextStep,
  OutboxEntry,
  Settlement,
} from '../outbox/outbox';
import type { OutboxSettings } from '../outbox/outbox-settings';
import type { Priority } from '../outbox/priority';
import { SETTLE } from '../outbox/settle';
import { reasonOf, type Alarm } from './alarm';
import { AppendQueue } from './append-queue';
import { RECOVER_MS, RENEW_MS, type GroupStore, type TakenJob } from './group-store';
import { HeldEntry, type HeldJob } from './held-job';
import { JobKeeper } from './job-keeper';
import { pause, repeat, Signal, within } from './waiting';

/** What a lane needs of the outbox that it belongs to. */
export interface LaneTools {
  readonly clock: Clock;
  readonly settings: OutboxSettings;
  readonly store: GroupStore;
  readonly alarm: Alarm;
  /** The server has stored what it was given, or says why not. */
  readonly wrote: (trouble: string | undefined) => void;
  readonly settled: (entry: OutboxEntry, settlement: Settlement) => void;
  readonly activity: ActivityStream;
}

/** A retry that is due sooner waits in this process; a later one on the server, where it survives us. */
const MAX_LOCAL_DELAY_MS = 5_000;
/** The longest that a lane waits for a job without looking: what was woken and then died wakes nobody. */
const MAX_WAIT_MS = 2_000;
const AFTER_ERROR_MS = 500;
const MIN_HELD_ENTRIES = 400;
const STOP_TIMEOUT_MS = 2_000;
/** When is looked again for what no key of ours opens: another process may have it. */
const NO_KEY_DELAY_MS = 15_000;

/** One destination: what this process stores for it, and what it holds of it to hand over. */
export class BullmqLane implements Consumer {
  private readonly appends: AppendQueue;
  private readonly dispatcher: Dispatcher<HeldEntry>;
  private readonly jobs: JobKeeper;
  private readonly room = new Signal();
  private cancelTimers: () => void = () => undefined;
  private counted: Partial<LaneCounts> = {};
  private loop: Promise<void> = Promise.resolve();
  private isConsuming = false;
  private isTaking = false;
  private taken = 0;
  private maxHeldEntries = MIN_HELD_ENTRIES;

  constructor(
    readonly destination: string,
    private readonly processId: string,
    private readonly tools: LaneTools,
  ) {
    this.dispatcher = new Dispatcher<HeldEntry>(tools.clock, {
      apply: (entries, steps) => {
        this.apply(entries, steps);
      },
      ran: () => {
        this.room.set();
      },
    });
    this.jobs = new JobKeeper(destination, tools);
    this.appends = new AppendQueue({
      maxAppends: tools.store.maxAppends,
      append: (entries) => this.append(entries),
      makeRoomFor: (entry) => this.makeRoomFor(entry),
      countLocally: (name) => {
        this.countLocally(name);
      },
    });
  }

  add(entry: OutboxEntry, answer: (result: AppendResult) => void): void {
    this.appends.add(entry, answer);
  }

  countLocally(name: keyof LaneCounts): void {
    this.counted[name] = (this.counted[name] ?? 0) + 1;
  }

  /** What the server has not heard yet. */
  get uncounted(): Partial<LaneCounts> {
    return this.counted;
  }

  async writeCounts(): Promise<void> {
    const counts = this.counted;
    if (Object.keys(counts).length === 0) return;
    this.counted = {};
    try {
      await this.tools.store.count(this.destination, counts);
    } catch (error) {
      for (const [name, count] of Object.entries(counts) as [keyof LaneCounts, number][])
        this.counted[name] = (this.counted[name] ?? 0) + count;
      throw error;
    }
  }

  consume(options: LaneOptions, handler: EntryHandler): Consumer {
    this.maxHeldEntries = Math.max(MIN_HELD_ENTRIES, 2 * options.maxEntries * options.concurrency);
    this.dispatcher.start(options, this.fenced(handler));
    this.isConsuming = true;
    // One loop at a time: a consumer that follows another waits for its last step.
    this.loop = this.loop.then(() => this.run());
    const stopRenewing = this.jobs.startRenewing();
    const stopRecovering = repeat(
      RECOVER_MS,
      () => this.tools.store.recover(this.destination),
      (error) => {
        this.tools.alarm.error('jobs of processes that are gone were not looked for', error);
      },
    );
    const stopObeying = repeat(
      RENEW_MS,
      () => this.obeyErasures(),
      (error) => {
        this.tools.alarm.error('erasures of other processes were not heard', error);
      },
    );
    this.cancelTimers = () => {
      stopObeying();
      stopRenewing();
      stopRecovering();
    };
    return this;
  }

  /** Hands over nothing more, and gives back what was not under way: the next process gets it at once. */
  async stop(): Promise<void> {
    this.isConsuming = false;
    const isIdle = this.dispatcher.stop();
    this.room.set();
    this.tools.store.wake(this.destination);
    await isIdle;
    await this.bounded(this.loop);
    this.dispatcher.clear();
    this.jobs.giveBack();
    await this.bounded(this.jobs.written());
    this.cancelTimers();
  }

  /** Nothing is tried again: the server may be away for long. */
  close(): Promise<void> {
    this.jobs.giveUpRetrying();
    return this.stop();
  }

  /** A server that does not answer holds up no end; what it did not hear comes back when the locks lapse. */
  private async bounded(work: Promise<unknown>): Promise<void> {
    await within(STOP_TIMEOUT_MS, work).catch((error: unknown) => {
      this.tools.alarm.error('a job could not be given back', error);
    });
  }

  /** Resolves when nothing of it that this process could end is left, on the server either. */
  async flush(deadlineMs: number, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const health = this.tools.store.health();
      // Nothing can be fetched or written down: what is left is for later.
      if (health.state === 'degraded' && health.isAway === true) return;
      await this.dispatcher.flush(deadlineMs);
      await this.jobs.written();
      if (this.canProgressBefore(deadlineMs)) {
        await pause(2);
      } else if (!this.isConsuming || this.dispatcher.isPaused) {
        return;
      } else {
        const waiting = await this.tools.store.countWaiting(this.destination).catch(() => 0);
        if (waiting === 0 && !this.canProgressBefore(deadlineMs)) return;
        await pause(5);
      }
    }
  }

  endFlush(): void {
    this.dispatcher.endFlush();
  }

  private canProgressBefore(deadlineMs: number): boolean {
    return this.isTaking || this.jobs.isWriting || this.dispatcher.canProgressBefore(deadlineMs);
  }

  /** Ends what this process holds of it and is not under way. @returns those that it ends or is about to. */
  async eraseHeld({ subjects, atMs }: Erasure): Promise<readonly OutboxEntry[]> {
    const isAbout = aboutAny(subjects);
    const { removed, underWay } = this.dispatcher.erase(
      (entry) => entry.acceptedAtMs <= atMs && isAbout(entry),
    );
    // Also those that wait on the server for a far retry, while others of their job do not.
    const postponed = this.jobs.postponed((entry) => entry.acceptedAtMs <= atMs && isAbout(entry));
    const jobs = new Set<HeldJob>();
    for (const entry of [...removed, ...postponed]) {
      const job = HeldEntry.jobOf(entry);
      if (job.isLost) continue;
      job.end(entry, 'dropped');
      jobs.add(job);
      this.tools.settled(entry, ERASED);
      const { destination, eventId, eventName } = entry;
      this.tools.activity.tell({ ...ERASED, destination, eventId, eventName });
    }
    for (const job of jobs) this.jobs.write(job);
    if (jobs.size > 0) await this.jobs.written();
    return [...removed, ...postponed, ...underWay];
  }

  private async obeyErasures(): Promise<void> {
    if (this.dispatcher.size === 0 && !this.jobs.holdsAny) return;
    for (const erasure of await this.tools.store.announced()) await this.eraseHeld(erasure);
  }

  private async append(entries: readonly OutboxEntry[]) {
    const { store, wrote } = this.tools;
    const verdicts = await store.append(this.destination, entries).catch((error: unknown) => {
      wrote(reasonOf(error));
      throw error;
    });
    const failed = verdicts.find((verdict) => verdict.kind === 'failed');
    wrote(failed?.reason);
    if (Object.keys(this.counted).length > 0) this.writeCounts().catch(() => undefined);
    return verdicts;
  }

  private async makeRoomFor(entry: OutboxEntry): Promise<boolean> {
    const { store, settings, settled, activity } = this.tools;
    for (const priority of evictionOrder(settings.overflow, entry.priority)) {
      const evicted = this.evictHeld(priority) ?? (await store.evict(this.destination, priority));
      if (evicted === undefined) continue;
      settled(evicted, { kind: 'dropped', reason: activity.evicted(evicted, settings.overflow) });
      await this.jobs.written();
      return true;
    }
    return false;
  }

  private evictHeld(priority: Priority | undefined): OutboxEntry | undefined {
    const entry = this.dispatcher.evict(priority);
    if (entry === undefined) return undefined;
    const job = HeldEntry.jobOf(entry);
    job.end(entry, 'dropped');
    this.jobs.write(job);
    return entry;
  }

  private async run(): Promise<void> {
    while (this.isConsuming) {
      try {
        if (this.dispatcher.size >= this.maxHeldEntries) await this.room.wait(MAX_WAIT_MS);
        else await this.takeOrWait();
      } catch (error) {
        await this.takingFailed(error);
      }
    }
  }

  private async takingFailed(error: unknown): Promise<void> {
    // At the end the connection is cut on purpose.
    if (!this.isConsuming) return;
    this.tools.alarm.error('no jobs can be taken', error);
    await this.room.wait(AFTER_ERROR_MS);
  }

  private async takeOrWait(): Promise<void> {
    this.isTaking = true;
    let waitMs: number;
    try {
      const token = `${this.processId}:${this.taken}`;
      const takenAtMs = Date.now();
      const found = await this.tools.store.take(this.destination, token);
      if ('entries' in found) {
        this.taken += 1;
        if (found.entries.some(({ fault }) => fault === 'key-missing')) await this.putOff(found);
        else this.hold(found, takenAtMs);
        return;
      }
      waitMs = Math.min(MAX_WAIT_MS, Math.max((found.dueAtMs ?? Infinity) - Date.now(), 1));
    } finally {
      this.isTaking = false;
    }
    if (this.isConsuming) await this.tools.store.waitForJob(this.destination, waitMs);
  }

  /** It stays as it is until there is a process that has its key. */
  private async putOff(taken: TakenJob): Promise<void> {
    const { store, alarm } = this.tools;
    alarm.error(
      'entries wait for their encryption key',
      new Error('they were sealed with a key that is not among the encryption keys'),
    );
    const next = { kind: 'put-off', delayMs: NO_KEY_DELAY_MS } as const;
    await store.settle(this.destination, taken, { counts: {}, dead: [], freedBytes: 0, next });
  }

  private hold(taken: TakenJob, takenAtMs: number): void {
    const job = this.jobs.hold(taken, takenAtMs);
    const nowMs = this.tools.clock.now();
    for (const entry of [...job.open]) {
      if (HeldEntry.faultOf(entry) !== undefined) {
        this.bury(entry, job, 'the entry was damaged in the storage');
        continue;
      }
      const delayMs = HeldEntry.dueMsOf(entry) - nowMs;
      if (delayMs > MAX_LOCAL_DELAY_MS) job.postpone(entry);
      else if (delayMs > 0) this.dispatcher.pushLater([entry], delayMs);
      else this.dispatcher.push(entry);
    }
    if (job.isDone) this.jobs.write(job);
  }

  /** Hands over only what is still ours, however long this process was not running. */
  private fenced(handler: EntryHandler): EntryHandler {
    return async (entries, apply) => {
      const nowMs = Date.now();
      const ours = entries.map((entry) => {
        const job = HeldEntry.jobOf(entry);
        if (job.lockedUntilMs <= nowMs) job.isLost = true;
        return !job.isLost;
      });
      if (!ours.includes(false)) return handler(entries, apply);
      const steps = ours.includes(true)
        ? await handler(
            entries.filter((_entry, index) => ours[index]),
            apply,
          )
        : [];
      let next = 0;
      return ours.map((isOurs) => {
        if (!isOurs) return SETTLE;
        next += 1;
        return steps[next - 1] as NextStep;
      });
    };
  }

  private apply(entries: readonly HeldEntry[], steps: readonly NextStep[]): void {
    const jobs = new Set<HeldJob>();
    const retries = new Map<number, HeldEntry[]>();
    for (const [index, entry] of entries.entries()) {
      const job = HeldEntry.jobOf(entry);
      jobs.add(job);
      if (!job.isLost) this.applyOne(entry, job, steps[index] as NextStep, retries);
    }
    for (const [delayMs, later] of retries) this.dispatcher.pushLater(later, delayMs);
    for (const job of jobs) this.jobs.report(job);
    this.room.set();
  }

  private applyOne(
    entry: HeldEntry,
    job: HeldJob,
    step: NextStep,
    retries: Map<number, HeldEntry[]>,
  ): void {
    switch (step.kind) {
      case 'settle':
        job.end(entry, 'delivered');
        this.tools.settled(entry, { kind: 'delivered' });
        break;
      case 'expire':
        job.end(entry, 'expired');
        this.tools.settled(entry, { kind: 'expired', reason: step.reason });
        break;
      case 'drop':
        job.end(entry, 'dropped');
        this.tools.settled(entry, { kind: 'dropped', reason: step.reason });
        break;
      case 'dead-letter':
        this.bury(entry, job, step.reason);
        break;
      case 'retry': {
        HeldEntry.retryAt(entry, this.tools.clock.now() + step.delayMs);
        job.countRetry();
        if (step.delayMs > MAX_LOCAL_DELAY_MS) {
          job.postpone(entry);
        } else {
          const sameDelay = retries.get(step.delayMs);
          if (sameDelay === undefined) retries.set(step.delayMs, [entry]);
          else sameDelay.push(entry);
        }
        break;
      }
      case 'pause-destination':
        // The dispatcher keeps these itself.
        break;
    }
  }

  private bury(entry: HeldEntry, job: HeldJob, reason: string): void {
    const attempts = entry.attempts + 1;
    const atMs = this.tools.clock.now();
    // What nobody can open is kept as it is.
    const sealed =
      HeldEntry.faultOf(entry) === undefined ? undefined : (HeldEntry.sealedOf(entry) ?? '');
    job.bury(entry, { entry: HeldEntry.plain(entry), reason, attempts, atMs, sealed });
    this.tools.settled(entry, { kind: 'dead-lettered', reason });
  }
}
