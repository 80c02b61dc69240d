import type { Database } from './libsql';
import { isBusy } from './sqlite-error';

/** One caller's share of a transaction. */
export interface Write {
  /** Rows that it touches, about. */
  readonly rows: number;
  /** It stores all of these rows: what that takes tells how many more there may be. */
  readonly stores?: true;
  /** Runs inside a transaction; once more, in a transaction of its own, if the group's failed. */
  run(): void;
  /** It is durable. */
  committed(): void;
  /** It did not happen, and will not. */
  failed(error: unknown): void;
}

export interface GroupCommitHooks {
  /** Runs first in each transaction. */
  begun(): void;
  /** Runs last in each transaction, before the commit. */
  ending(): void;
  committed(): void;
  /** Everything since `begun` did not happen. */
  rolledBack(): void;
}

/** Rows of one transaction where the disk is slow, or not known yet: with fewer, its flushes would take more than they save. */
const MIN_ROWS = 500;
/** Where the disk is fast, so many at the most; a write of so many has a transaction of its own. */
export const MAX_ROWS = 1_200;
/** How long a transaction of more than the least may hold the event loop up, beside a checkpoint. */
const MAX_STALL_MS = 12;
/** So many writes that wait are a burst. */
const BURST_WRITES = 400;
/** How long a write may wait that nobody waits for. */
const PATIENT_DELAY_MS = 15;
/** The disk may take this share of the thread: one part in so many. */
const DISK_SHARE = 4;
const MAX_PAUSE_MS = 10;
/** Empty places in front that are worth a copy of the rest. */
const MIN_CUT = 1_000;
/** How long another process may keep us out. */
const BUSY_LIMIT_MS = 2_000;
const BUSY_RETRY_MS = 3;

/**
 * Writes of the same moment share one transaction and one flush of the disk. Runs on the host's thread,
 * in slices with a turn of the event loop between them.
 */
export class GroupCommit {
  /** Empty before the head: what is through must not be kept alive by its place. */
  private queue: (Write | undefined)[] = [];
  private head = 0;
  private isScheduled = false;
  private patientTimer: NodeJS.Timeout | undefined;
  private busySinceMs: number | undefined;
  /** Rows of the next transaction, by how long the last ones took. */
  private rowLimit = MIN_ROWS;
  /** So many of the next writes go alone, because together they failed. */
  private alone = 0;
  private quietUntilMs = 0;
  private idleListeners: (() => void)[] = [];
  private readonly begin;
  private readonly commit;
  private readonly rollback;

  constructor(
    database: Database,
    private readonly hooks: GroupCommitHooks,
  ) {
    this.begin = database.prepare('BEGIN IMMEDIATE');
    this.commit = database.prepare('COMMIT');
    this.rollback = () => {
      if (database.inTransaction) database.exec('ROLLBACK');
    };
  }

  /** Somebody waits for it: it goes with the next commit, which is soon. */
  add(write: Write): void {
    this.queue.push(write);
    this.schedule();
  }

  /** Goes before all that waits: what a burst must not hold up. */
  addFirst(write: Write): void {
    if (this.head > 0) {
      this.head -= 1;
      this.queue[this.head] = write;
    } else {
      this.queue.unshift(write);
    }
    this.schedule();
  }

  /** Nobody waits for it: it goes with the next commit, or a little later. */
  addPatient(write: Write): void {
    this.queue.push(write);
    if (this.queue.length - this.head >= BURST_WRITES) this.schedule();
    if (this.isScheduled || this.patientTimer !== undefined) return;
    this.patientTimer = setTimeout(() => {
      this.patientTimer = undefined;
      this.schedule();
    }, PATIENT_DELAY_MS);
    this.patientTimer.unref();
  }

  /** Resolves when everything that was added has been committed or has failed. */
  drain(): Promise<void> {
    if (this.isEmpty) return Promise.resolve();
    this.schedule();
    return new Promise((resolve) => {
      this.idleListeners.push(resolve);
    });
  }

  private get isEmpty(): boolean {
    return this.head === this.queue.length;
  }

  private schedule(): void {
    if (this.isScheduled || this.isEmpty) return;
    this.isScheduled = true;
    const waitMs = this.quietUntilMs - performance.now();
    // A burst does not wait: there the time of the disk is shared by many already. Nor do those who waited in vain.
    if (waitMs < 1 || this.alone > 0 || this.queue.length - this.head >= BURST_WRITES)
      setImmediate(() => {
        this.commitNext();
      });
    else
      setTimeout(() => {
        this.commitNext();
      }, waitMs);
  }

  private commitNext(): void {
    this.isScheduled = false;
    const group = this.takeGroup();
    if (group.length > 0) {
      const startedMs = performance.now();
      this.commitGroup(group);
      const endedMs = performance.now();
      const pauseMs = Math.min((endedMs - startedMs) * DISK_SHARE, MAX_PAUSE_MS);
      this.quietUntilMs = Math.max(this.quietUntilMs, endedMs + pauseMs);
    }
    if (!this.isEmpty) this.schedule();
    else for (const resolve of this.idleListeners.splice(0)) resolve();
  }

  private takeGroup(): Write[] {
    const start = this.head;
    const isAlone = this.alone > 0;
    if (isAlone) this.alone -= 1;
    let rows = 0;
    while (!this.isEmpty) {
      rows += this.queue[this.head]?.rows ?? 0;
      if (this.head > start && (isAlone || rows > this.rowLimit)) break;
      this.head += 1;
    }
    const group = this.queue.slice(start, this.head) as Write[];
    this.queue.fill(undefined, start, this.head);
    if (this.isEmpty) {
      this.queue = [];
      this.head = 0;
    } else if (this.head > MIN_CUT && this.head * 2 > this.queue.length) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
    return group;
  }

  private commitGroup(group: readonly Write[]): void {
    const startedMs = performance.now();
    const error = this.transact(group);
    if (error === undefined) {
      this.busySinceMs = undefined;
      this.learn(group, performance.now() - startedMs);
      for (const write of group) write.committed();
    } else if (isBusy(error)) {
      this.commitLater(group, error);
    } else if (group.length === 1) {
      group[0]?.failed(error);
    } else {
      // One of them does not fit, or none does: each on its own tells which.
      this.putBack(group);
      this.alone = group.length;
    }
  }

  /** More rows share a flush where that does not take too long: it grows by and by, and shrinks at once. */
  private learn(group: readonly Write[], tookMs: number): void {
    let rows = 0;
    let storedRows = 0;
    for (const write of group) {
      rows += write.rows;
      if (write.stores === true) storedRows += write.rows;
    }
    const fitting = Math.min(Math.max((storedRows / tookMs) * MAX_STALL_MS, MIN_ROWS), MAX_ROWS);
    // A few rows tell of the flush, and not of what a row takes.
    const isTelling = storedRows * 2 >= this.rowLimit;
    if (isTelling && fitting > this.rowLimit) this.rowLimit = (this.rowLimit + fitting) / 2;
    else if (rows >= MIN_ROWS && tookMs > MAX_STALL_MS)
      this.rowLimit = Math.min(this.rowLimit, fitting);
  }

  private commitLater(group: readonly Write[], error: unknown): void {
    const nowMs = performance.now();
    this.busySinceMs ??= nowMs;
    this.putBack(group);
    if (nowMs - this.busySinceMs > BUSY_LIMIT_MS) {
      this.busySinceMs = undefined;
      // What waited meanwhile has waited as long as that, or would.
      for (const write of this.takeAll()) write.failed(error);
      return;
    }
    this.quietUntilMs = nowMs + BUSY_RETRY_MS;
    this.isScheduled = true;
    setTimeout(() => {
      this.commitNext();
    }, BUSY_RETRY_MS);
  }

  /** Before all that waits. */
  private putBack(group: readonly Write[]): void {
    this.queue = [...group, ...this.queue.slice(this.head)];
    this.head = 0;
  }

  private takeAll(): Write[] {
    const all = this.queue.slice(this.head) as Write[];
    this.queue = [];
    this.head = 0;
    this.alone = 0;
    return all;
  }

  /** @returns the error that undid it. */
  private transact(group: readonly Write[]): unknown {
    try {
      this.begin.run();
    } catch (error) {
      return error;
    }
    try {
      this.hooks.begun();
      for (const write of group) write.run();
      this.hooks.ending();
      this.commit.run();
      this.hooks.committed();
      return undefined;
    } catch (error) {
      try {
        this.rollback();
      } catch {
        // SQLite has rolled back by itself.
      }
      this.hooks.rolledBack();
      return error;
    }
  }
}
