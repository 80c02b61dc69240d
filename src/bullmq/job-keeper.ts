import type { Clock } from '../clock';
import type { Alarm } from './alarm';
import { LOCK_MS, RENEW_MS, type GroupStore, type TakenJob } from './group-store';
import { WirePackers } from '../outbox/wire-packers';
import { HeldJob, type HeldEntry } from './held-job';
import { pause, repeat } from './waiting';

export interface JobKeeperTools {
  readonly clock: Clock;
  readonly store: GroupStore;
  readonly alarm: Alarm;
}

/**
 * How long we are silent about entries that have ended while others of their job have not: what a crash makes us send again. Each time
 * the rest of the job is written anew.
 */
const PROGRESS_MS = 200;
const AFTER_ERROR_MS = 500;

/** The jobs of one destination that this process holds: keeps their locks, and says what became of them. */
export class JobKeeper {
  private readonly held = new Map<string, HeldJob>();
  private readonly writes = new Set<Promise<void>>();
  private readonly packers = new WirePackers();
  private isRetrying = true;

  constructor(
    private readonly destination: string,
    private readonly tools: JobKeeperTools,
  ) {}

  get isWriting(): boolean {
    return this.writes.size > 0;
  }

  get holdsAny(): boolean {
    return this.held.size > 0;
  }

  /** Those of held jobs that wait for a far retry. */
  postponed(matches: (entry: HeldEntry) => boolean): HeldEntry[] {
    return [...this.held.values()].flatMap((job) => [...job.waiting].filter(matches));
  }

  hold(taken: TakenJob, takenAtMs: number): HeldJob {
    const job = new HeldJob(taken, takenAtMs, this.packers);
    // Taken back after its lock had lapsed: what is still here of it belongs to the new hold.
    const before = this.held.get(taken.id);
    if (before !== undefined) before.isLost = true;
    this.held.set(taken.id, job);
    return job;
  }

  /** Says what became of the job: now if nothing of it is left here, else after a while. */
  report(job: HeldJob): void {
    if (job.isLost) this.forget(job);
    else if (job.isDone) this.write(job);
    else if (job.hasReport && !job.isReportDue) this.writeSoon(job);
  }

  write(job: HeldJob, isGivenBack = false): void {
    const writing = job.writing
      .then(() => this.writeUntilHeard(job, isGivenBack))
      .finally(() => {
        this.writes.delete(writing);
      });
    job.writing = writing;
    this.writes.add(writing);
  }

  /** Whoever looks next has them at once, and need not wait until the locks lapse. */
  giveBack(): void {
    for (const job of this.held.values()) this.write(job, true);
  }

  async written(): Promise<void> {
    await Promise.all(this.writes);
  }

  /** What the server does not hear from now on, it learns from locks that lapse. */
  giveUpRetrying(): void {
    this.isRetrying = false;
  }

  startRenewing(): () => void {
    return repeat(
      RENEW_MS,
      () => this.renew(),
      (error) => {
        this.tools.alarm.error('locks could not be kept', error);
      },
    );
  }

  private writeSoon(job: HeldJob): void {
    job.isReportDue = true;
    void pause(PROGRESS_MS).then(() => {
      job.isReportDue = false;
      if (this.held.get(job.taken.id) === job && job.hasReport) this.write(job);
    });
  }

  private async writeUntilHeard(job: HeldJob, isGivenBack: boolean): Promise<void> {
    const { store, clock, alarm } = this.tools;
    while (!job.isLost) {
      // One that waited behind others may find that they have said it all.
      if (!job.isDone && !isGivenBack && !job.hasReport) return;
      const report = job.tell(clock.now(), isGivenBack);
      try {
        const isOurs = await store.settle(this.destination, job.taken, report);
        if (!isOurs || report.next.kind !== 'keep') this.forget(job);
        return;
      } catch (error) {
        job.untell(report);
        alarm.error('what was delivered could not be written down', error);
        if (!this.isRetrying) return;
        await pause(AFTER_ERROR_MS);
      }
    }
    this.forget(job);
  }

  private forget(job: HeldJob): void {
    job.isLost = true;
    if (this.held.get(job.taken.id) === job) this.held.delete(job.taken.id);
  }

  private async renew(): Promise<void> {
    const jobs = [...this.held.values()].filter(({ isLost }) => !isLost);
    if (jobs.length === 0) return;
    const nowMs = Date.now();
    const taken = jobs.map((job) => job.taken);
    const lost = new Set(await this.tools.store.renew(this.destination, taken));
    for (const job of jobs) {
      if (lost.has(job.taken.id)) this.forget(job);
      else job.lockedUntilMs = nowMs + LOCK_MS;
    }
  }
}
