import { systemClock } from '../clock';
import { storedBytes } from '../outbox/entry-bytes';
import { ERASED, type ErasedEntries } from '../outbox/erasure';
import { oldestFirst } from '../outbox/kept-event';
import type {
  AppendResult,
  Consumer,
  DeadLetter,
  DeadLetterQuery,
  EntryHandler,
  KeptEvent,
  LaneOptions,
  LaneStats,
  Outbox,
  OutboxEntry,
  Settlement,
} from '../outbox/outbox';
import { CLOSED, DUPLICATE, overflow, STORED } from '../outbox/refusals';
import { sealedWireBytes } from '../outbox/sealed-wire';
import { SettlementListeners } from '../outbox/settlement-listeners';
import type { StorageTools } from '../outbox/storage';
import { untilTimeIsUp } from '../outbox/until-time-is-up';
import { AppendWrite, type AppendEffects, type Moved } from './append-write';
import { DeadLetterTable, type FoundLetter } from './dead-letter-table';
import { EntryErasure } from './entry-erasure';
import { EntryTable } from './entry-table';
import { ErasedGroups } from './erased-groups';
import { ErasedRows, type ErasedRow } from './erased-rows';
import { GroupCommit, MAX_ROWS, type Write } from './group-commit';
import { GroupContents } from './group-contents';
import { GroupTable } from './group-table';
import { KeptRows } from './kept-rows';
import { LaneCounters } from './lane-counters';
import { LeftErased } from './left-erased';
import type { Database } from './libsql';
import { OwnerLease, RENEWAL_MS } from './owner-lease';
import { PendingEntries } from './pending-entries';
import { SeenTable } from './seen-table';
import { sayWhy } from './sqlite-error';
import { SqliteLane } from './sqlite-lane';
import { NOBODY, type StoredEntry } from './stored-entry';

/** Entries of one call that go into one transaction. */
const SLICE = 100;
/** Dead letters that are put back in one transaction. */
const REDRIVE_SLICE = 200;
/** Rows that each renewal of the lease looks at for what has expired. */
const SWEEP_ROWS = 2_000;
const FLUSH_PAUSE_MS = 5;
/** Another process reads for milliseconds; the log is emptied between its reads. */
const LOG_ATTEMPTS = 100;
const LOG_PAUSE_MS = 20;
const MIN_RENEWAL_MS = 100;
/** So long after its end a lease has run out for certain. */
const LAPSE_SLACK_MS = 30;

/** The outbox in a SQLite file: what `append` has resolved for is on the disk. */
export class SqliteOutbox implements Outbox {
  readonly takesPackedWires = true;
  private readonly lanes = new Map<string, SqliteLane>();
  private readonly listeners = new SettlementListeners();
  private readonly commits: GroupCommit;
  private readonly rows: EntryTable;
  private readonly groups: GroupTable;
  private readonly entries: PendingEntries;
  private readonly deadLetterTable: DeadLetterTable;
  private readonly kept: KeptRows;
  private readonly leftErased: LeftErased;
  private readonly erasure: EntryErasure;
  private readonly counters: LaneCounters;
  private readonly lease: OwnerLease;
  private readonly seen: SeenTable;
  private readonly effects: AppendEffects;
  private readonly refusedUncounted: string[] = [];
  private readonly toldAlarms = new Set<string>();
  private erasures = 0;
  private trouble: string | undefined;
  private cancelRenewal: (() => void) | undefined;
  private renewal: Promise<void> | undefined;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly database: Database,
    private readonly tools: StorageTools,
  ) {
    const contents = new GroupContents(database, tools.vault);
    this.rows = new EntryTable(database, tools.vault);
    this.groups = new GroupTable(database, contents);
    this.deadLetterTable = new DeadLetterTable(database, tools.vault);
    this.entries = new PendingEntries(this.rows, this.groups, this.deadLetterTable);
    this.leftErased = new LeftErased(database, contents, this.groups);
    this.kept = new KeptRows(database);
    this.counters = new LaneCounters(database);
    this.erasure = new EntryErasure({
      // Meanwhile an entry may move from a group to a row, never back.
      tables: [new ErasedGroups(database, contents, this.groups), new ErasedRows(database)],
      counters: this.counters,
      lanes: () => [...this.lanes.values()],
      write: (rows, run) => this.write(rows, run),
      erased: (entry) => {
        this.tellErased(entry);
      },
    });
    this.lease = new OwnerLease(database);
    this.seen = new SeenTable(database);
    this.commits = new GroupCommit(database, {
      begun: () => {
        this.lease.begun();
      },
      ending: () => {
        for (const destination of this.refusedUncounted)
          this.counters.change(destination).refused += 1;
        this.groups.write();
        this.counters.write();
      },
      committed: () => {
        this.groups.committed();
        this.lease.committed();
        this.refusedUncounted.length = 0;
        this.trouble = undefined;
      },
      rolledBack: () => {
        this.groups.rolledBack();
        this.counters.rolledBack();
        this.lease.rolledBack();
        this.seen.rolledBack();
      },
    });
    this.effects = {
      store: (entries, moved) => this.store(entries, moved),
      hold: (entry) => {
        this.lane(entry.destination).push(entry);
      },
      dropped: (entry) => {
        this.dropped(entry);
      },
      putBack: (entry) => {
        if (entry.owner !== NOBODY) this.lane(entry.destination).push(entry);
      },
      refused: ({ destination }) => {
        this.refusedUncounted.push(destination);
      },
    };
  }

  /** What the disk last failed at, if it has not worked since. */
  get failing(): string | undefined {
    return this.trouble;
  }

  append(entries: readonly OutboxEntry[]): Promise<readonly AppendResult[]> {
    if (this.closing !== undefined || entries.length === 0)
      return Promise.resolve(entries.map(() => CLOSED));
    if (entries.length <= SLICE) return this.appendSlice(entries);
    const slices: Promise<readonly AppendResult[]>[] = [];
    for (let start = 0; start < entries.length; start += SLICE)
      slices.push(this.appendSlice(entries.slice(start, start + SLICE)));
    return Promise.all(slices).then((results) => results.flat());
  }

  consume(options: LaneOptions, handler: EntryHandler): Consumer {
    // First, so that the lane's first claim goes with the same commit.
    if (this.cancelRenewal === undefined && this.renewal === undefined) void this.renewLease();
    return this.lane(options.destination).consume(options, handler);
  }

  onSettled(key: string, listener: (settlement: Settlement) => void): () => void {
    return this.listeners.add(key, listener);
  }

  async flush(timeoutMs: number): Promise<boolean> {
    const deadlineMs = this.tools.clock.now() + timeoutMs;
    const lanes = () => [...this.lanes.values()];
    await untilTimeIsUp(timeoutMs, async (isOver) => {
      do {
        await this.commits.drain();
        await Promise.all(lanes().map((lane) => lane.flush(deadlineMs)));
        await this.commits.drain();
        if (!lanes().some((lane) => lane.canProgressBefore(deadlineMs))) return;
        await new Promise((resolve) => setTimeout(resolve, FLUSH_PAUSE_MS));
      } while (!isOver());
    });
    for (const lane of lanes()) lane.endFlush();
    return (await this.stats()).every(({ pending }) => pending === 0);
  }

  async stats(): Promise<readonly LaneStats[]> {
    if (this.closing === undefined) await this.commits.drain();
    return this.counters.stats();
  }

  async deadLetters(query: DeadLetterQuery = {}): Promise<readonly DeadLetter[]> {
    await this.commits.drain();
    return this.deadLetterTable.find(query, this.deadLettersSinceMs).map((letter) => letter.open());
  }

  redrive(query: DeadLetterQuery = {}): Promise<number> {
    return this.changeDeadLetters(query, ({ id, destination, bytes }) => {
      this.rows.redrive(id, this.tools.clock.now());
      const change = this.counters.change(destination);
      change.deadLettered -= 1;
      change.pendingBytes += bytes;
    });
  }

  purgeDeadLetters(query: DeadLetterQuery = {}): Promise<number> {
    return this.changeDeadLetters(query, () => undefined);
  }

  async findAbout(subjects: readonly string[]): Promise<readonly KeptEvent[]> {
    if (subjects.length === 0) return [];
    await this.commits.drain();
    const pending = await this.kept.pending(subjects);
    // Afterwards, because entries become dead letters meanwhile.
    const dead = this.kept.deadLetters(subjects, this.deadLettersSinceMs);
    return oldestFirst([...pending, ...dead]);
  }

  erase(subjects: readonly string[]): Promise<ErasedEntries> {
    if (subjects.length === 0) return Promise.resolve({ pending: 0, deadLetters: 0 });
    return this.erasing(async () => {
      await this.commits.drain();
      // Twice, because entries become dead letters meanwhile.
      const lastLetter = this.deadLetterTable.lastId;
      const early = await this.eraseDeadLetters(subjects, 0);
      const pending = await this.erasure.erase(subjects);
      return { pending, deadLetters: early + (await this.eraseDeadLetters(subjects, lastLetter)) };
    });
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  /**
   * Runs inside the next transaction. Rejects when that fails.
   *
   * @param isUrgent before all that waits.
   */
  write<Result>(rows: number, run: () => Result, isUrgent = false): Promise<Result> {
    return new Promise((resolve, reject) => {
      let result: Result;
      const write: Write = {
        rows,
        run: () => {
          result = run();
        },
        committed: () => {
          resolve(result);
        },
        failed: (error) => {
          this.trouble = sayWhy(error);
          reject(error instanceof Error ? error : new Error(sayWhy(error)));
        },
      };
      if (isUrgent) this.commits.addFirst(write);
      else this.commits.add(write);
    });
  }

  /** What is deleted by the work is overwritten, in the file and in the log. */
  async erasing<Result>(work: () => Promise<Result>): Promise<Result> {
    this.erasures += 1;
    this.database.exec('PRAGMA secure_delete=ON');
    try {
      return await work();
    } finally {
      this.erasures -= 1;
      if (this.erasures === 0) this.database.exec('PRAGMA secure_delete=FAST');
      if (!(await emptyLog(this.database)))
        this.tools.logger.warn(
          'tracking: what was erased stays in the write-ahead log until no other process reads the file',
        );
    }
  }

  private appendSlice(entries: readonly OutboxEntry[]): Promise<readonly AppendResult[]> {
    return new Promise((resolve) => {
      this.commits.add(
        new AppendWrite(entries, this.effects, (results) => {
          const failure = results[0];
          if (failure?.kind === 'refused' && failure.problem.code === 'storage_unavailable')
            this.trouble = failure.problem.message;
          resolve(results);
        }),
      );
    });
  }

  private store(entries: readonly OutboxEntry[], { held, evicted }: Moved): AppendResult[] {
    const { clock, settings } = this.tools;
    const nowMs = clock.now();
    const sizes = entries.map((entry) => bytesOf(entry));
    const results = entries.map((entry, index) =>
      this.makeRoom(entry, sizes[index] as number, nowMs, evicted),
    );
    const isStored = (_entry: unknown, index: number) => results[index] === STORED;
    const fitting = results.every((result) => result === STORED)
      ? entries
      : entries.filter(isStored);
    const isNew = this.seen.add(fitting, nowMs, settings.idempotencyWindowMs);
    let next = 0;
    for (let index = 0; index < entries.length; index += 1) {
      if (results[index] !== STORED) continue;
      const entry = entries[index] as OutboxEntry;
      const bytes = sizes[index] as number;
      if (isNew[next++] === true) {
        const stored = this.insert(entry, bytes, nowMs);
        if (stored !== undefined) held.push(stored);
        continue;
      }
      const change = this.counters.change(entry.destination);
      change.accepted -= 1;
      change.pendingBytes -= bytes;
      change.duplicates += 1;
      results[index] = DUPLICATE;
    }
    return results;
  }

  /** Counts the entry as accepted, if there is room for it or can be made. @returns what it comes to if it is new. */
  private makeRoom(
    entry: OutboxEntry,
    bytes: number,
    nowMs: number,
    evicted: StoredEntry[],
  ): AppendResult {
    const { settings } = this.tools;
    const { destination } = entry;
    const change = this.counters.change(destination);
    const isFull = () =>
      this.counters.pending(destination) >= settings.maxPendingEntries ||
      this.counters.pendingBytes(destination) + bytes > settings.maxPendingBytes;
    if (isFull()) {
      if (this.seen.has(entry, nowMs)) {
        change.duplicates += 1;
        return DUPLICATE;
      }
      while (isFull()) {
        const victim = this.lane(destination).evict(settings.overflow, entry.priority);
        if (victim === undefined) {
          change.refused += 1;
          return overflow(this.counters.pending(destination));
        }
        evicted.push(victim);
        change.dropped += 1;
        change.pendingBytes -= victim.bytes;
      }
    }
    change.accepted += 1;
    change.pendingBytes += bytes;
    return STORED;
  }

  /** @returns the entry, where this process holds it at once. */
  private insert(entry: OutboxEntry, bytes: number, nowMs: number): StoredEntry | undefined {
    const lane = this.lane(entry.destination);
    const owner = (lane.takesDirectly ? this.lease.confirmed() : undefined) ?? NOBODY;
    const stored = this.groups.add(entry, bytes, owner, nowMs);
    if (owner !== NOBODY) return stored;
    lane.moreWaits();
    return undefined;
  }

  private eraseDeadLetters(subjects: readonly string[], afterId: number): Promise<number> {
    return this.write(MAX_ROWS, () => this.deadLetterTable.eraseAbout(subjects, afterId));
  }

  private tellErased({ key, destination, eventId, eventName }: ErasedRow | StoredEntry): void {
    const { activity } = this.tools;
    this.listeners.tell(key, ERASED);
    if (activity.isHeard) activity.tell({ ...ERASED, destination, eventId, eventName });
  }

  private dropped(entry: StoredEntry): void {
    const { activity, settings } = this.tools;
    const reason = activity.evicted(entry, settings.overflow);
    this.listeners.tell(entry.key, { kind: 'dropped', reason });
  }

  private get deadLettersSinceMs(): number {
    return this.tools.clock.now() - this.tools.settings.deadLetterTtlMs;
  }

  private async changeDeadLetters(
    query: DeadLetterQuery,
    change: (letter: FoundLetter) => void,
  ): Promise<number> {
    await this.commits.drain();
    // What is given up again meanwhile is not meant.
    const upToId = this.deadLetterTable.lastId;
    let afterId = 0;
    let left = query.limit ?? Infinity;
    let changed = 0;
    while (left > 0) {
      const slice = { ...query, limit: Math.min(left, REDRIVE_SLICE) };
      const letters = this.deadLetterTable.find(slice, this.deadLettersSinceMs, afterId, upToId);
      const last = letters.at(-1);
      if (last === undefined) break;
      afterId = last.id;
      left -= letters.length;
      changed += await this.write(letters.length, () => {
        // Somebody else may have been faster.
        const ours = letters.filter(({ id }) => this.deadLetterTable.has(id));
        for (const letter of ours) {
          change(letter);
          this.deadLetterTable.remove(letter.id);
        }
        return ours.length;
      });
    }
    for (const lane of this.lanes.values()) lane.moreWaits();
    return changed;
  }

  /** One renewal at a time, and the next one after its while. */
  private renewLease(): Promise<void> {
    this.renewal ??= this.renewOnce().finally(() => {
      this.renewal = undefined;
      if (this.closing !== undefined) return;
      this.cancelRenewal?.();
      this.cancelRenewal = systemClock.after(this.nextRenewalMs(), () => {
        void this.renewLease();
      });
    });
    return this.renewal;
  }

  /** In time for our own lease, and no later than when another's runs out: its entries wait for nobody. */
  private nextRenewalMs(): number {
    const lapsesInMs = this.lease.nextLapseMs - this.tools.clock.now() + LAPSE_SLACK_MS;
    return Math.min(RENEWAL_MS, Math.max(lapsesInMs, MIN_RENEWAL_MS));
  }

  private async renewOnce(): Promise<void> {
    const { clock, settings } = this.tools;
    try {
      const renew = () => {
        const nowMs = clock.now();
        const before = this.lease.current;
        const taken = this.lease.renew(nowMs);
        const reaped = this.lease.reap(nowMs);
        this.seen.sweep(nowMs, SWEEP_ROWS);
        this.deadLetterTable.removeBefore(nowMs - settings.deadLetterTtlMs, SWEEP_ROWS);
        return { isFirst: before === undefined, wasLost: taken, hasReaped: reaped };
      };
      // Behind a burst it would come when the lease is over.
      const { isFirst, wasLost, hasReaped } = await this.write(10, renew, true);
      if (wasLost) this.groups.lost(this.lease.current);
      for (const lane of this.lanes.values()) {
        if (wasLost) lane.lost();
        else if (isFirst || hasReaped) lane.moreWaits();
        await lane.sweepErased();
      }
    } catch {
      // `trouble` says it; the next renewal may do better before the lease is over.
    }
  }

  private async shutDown(): Promise<void> {
    this.cancelRenewal?.();
    await Promise.all([...this.lanes.values()].map((lane) => lane.stop()));
    await this.renewal;
    await this.commits.drain();
    try {
      await this.write(1, () => {
        this.lease.end();
      });
    } catch {
      // The lease runs out by itself.
    }
    this.listeners.tellAll({
      kind: 'pending',
      reason: 'the application shut down before it ended',
    });
  }

  private lane(destination: string): SqliteLane {
    let lane = this.lanes.get(destination);
    if (lane === undefined) {
      lane = new SqliteLane(destination, {
        clock: this.tools.clock,
        commits: this.commits,
        entries: this.entries,
        counters: this.counters,
        erased: this.leftErased,
        lease: this.lease,
        write: (rows, run) => this.write(rows, run),
        listeners: this.listeners,
        alarm: (text) => {
          if (this.toldAlarms.has(text)) return;
          this.toldAlarms.add(text);
          this.tools.logger.error(`tracking: ${text}`);
        },
        troubled: (error) => {
          this.trouble = sayWhy(error);
        },
        renewLease: () => this.renewLease(),
      });
      this.lanes.set(destination, lane);
    }
    return lane;
  }
}

/** Puts everything into the file itself. @returns whether nothing is left in the log. */
async function emptyLog(database: Database): Promise<boolean> {
  const checkpoint = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)');
  for (let attempt = 0; attempt < LOG_ATTEMPTS; attempt += 1) {
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, LOG_PAUSE_MS));
    try {
      if ((checkpoint.get() as { busy?: unknown }).busy === 0) return true;
    } catch {
      // Another process reads or writes.
    }
  }
  return false;
}

/** What it takes as it will be stored. */
function bytesOf(entry: OutboxEntry): number {
  return storedBytes(entry, sealedWireBytes(entry.wire));
}
