import { randomBytes } from 'node:crypto';

import type { Clock } from '../clock';
import type { ActivityStream } from '../outbox/activity';
import { DEFAULT_DEAD_LETTER_LIMIT } from '../outbox/dead-letter-query';
import { ERASED, type ErasedEntries } from '../outbox/erasure';
import { keptEvent, oldestFirst } from '../outbox/kept-event';
import { noCounts, type LaneCounts } from '../outbox/lane-counts';
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
import type { OutboxSettings } from '../outbox/outbox-settings';
import type { StorageHealth } from '../outbox/storage';
import { CLOSED } from '../outbox/refusals';
import { SettlementListeners } from '../outbox/settlement-listeners';
import { untilTimeIsUp } from '../outbox/until-time-is-up';
import type { Alarm } from './alarm';
import { BullmqLane } from './bullmq-lane';
import type { GroupStore } from './group-store';
import { pause, within } from './waiting';

const STATS_TIMEOUT_MS = 1_000;
/** People ask for dead letters, and may wait for them. */
const ADMIN_TIMEOUT_MS = 30_000;
/** How long a process may keep entries in its hands that are to be erased. */
const HELD_TIMEOUT_MS = 10_000;
const ERASE_TIMEOUT_MS = 600_000;
const ERASE_PAUSE_MS = 100;
const CLOSE_TIMEOUT_MS = 3_000;
const SWEEP_MS = 60_000;

/** The outbox that processes share: in BullMQ's queues, one per destination, on Redis or Postgres. */
export class BullmqOutbox implements Outbox {
  readonly takesPackedWires = true;
  private readonly lanes = new Map<string, BullmqLane>();
  private readonly listeners = new SettlementListeners();
  private readonly processId = randomBytes(9).toString('base64url');
  private lastStats: readonly LaneStats[] = [];
  private cancelSweep: () => void;
  private closing: Promise<void> | undefined;
  /** Why the last write failed, if it did. */
  private trouble: string | undefined;

  constructor(
    private readonly store: GroupStore,
    private readonly clock: Clock,
    private readonly settings: OutboxSettings,
    private readonly activity: ActivityStream,
    private readonly alarm: Alarm,
  ) {
    this.cancelSweep = this.sweepLater();
  }

  append(entries: readonly OutboxEntry[]): Promise<readonly AppendResult[]> {
    if (this.closing !== undefined) return Promise.resolve(entries.map(() => this.refuse()));
    if (entries.length === 0) return Promise.resolve([]);
    return new Promise((resolve) => {
      const results = new Array<AppendResult>(entries.length);
      let left = entries.length;
      for (const [index, entry] of entries.entries()) {
        this.lane(entry.destination).add(entry, (result) => {
          results[index] = result;
          left -= 1;
          if (left === 0) resolve(results);
        });
      }
    });
  }

  consume(options: LaneOptions, handler: EntryHandler): Consumer {
    return this.lane(options.destination).consume(options, handler);
  }

  onSettled(key: string, listener: (settlement: Settlement) => void): () => void {
    return this.listeners.add(key, listener);
  }

  async flush(timeoutMs: number): Promise<boolean> {
    const lanes = [...this.lanes.values()];
    const deadlineMs = this.clock.now() + timeoutMs;
    await untilTimeIsUp(timeoutMs, (isOver) =>
      Promise.all(lanes.map((lane) => lane.flush(deadlineMs, isOver))),
    );
    for (const lane of lanes) lane.endFlush();
    const stats = await this.askStats();
    return stats?.every(({ pending }) => pending === 0) ?? false;
  }

  async stats(): Promise<readonly LaneStats[]> {
    return (await this.askStats()) ?? this.withUncounted(this.lastStats);
  }

  deadLetters(query: DeadLetterQuery = {}): Promise<readonly DeadLetter[]> {
    const limit = query.limit ?? DEFAULT_DEAD_LETTER_LIMIT;
    return within(ADMIN_TIMEOUT_MS, this.store.deadLetters(query, limit));
  }

  redrive(query: DeadLetterQuery = {}): Promise<number> {
    return within(ADMIN_TIMEOUT_MS, this.store.redrive(query, query.limit ?? Infinity));
  }

  purgeDeadLetters(query: DeadLetterQuery = {}): Promise<number> {
    return within(ADMIN_TIMEOUT_MS, this.store.purgeDeadLetters(query, query.limit ?? Infinity));
  }

  findAbout(subjects: readonly string[]): Promise<readonly KeptEvent[]> {
    if (subjects.length === 0) return Promise.resolve([]);
    return within(ADMIN_TIMEOUT_MS, this.findEverywhere(subjects));
  }

  private async findEverywhere(subjects: readonly string[]): Promise<readonly KeptEvent[]> {
    const pending = new Map<string, KeptEvent>();
    for (const { destination } of await this.store.stats())
      for (const entry of await this.store.findAbout(destination, subjects))
        pending.set(entry.key, keptEvent(entry, 'pending'));
    // Afterwards, because entries become dead letters meanwhile.
    const dead = await this.store.findDeadLettersAbout(subjects);
    return oldestFirst([
      ...pending.values(),
      ...dead.map((entry) => keptEvent(entry, 'dead-letter')),
    ]);
  }

  erase(subjects: readonly string[]): Promise<ErasedEntries> {
    if (subjects.length === 0) return Promise.resolve({ pending: 0, deadLetters: 0 });
    return within(ERASE_TIMEOUT_MS, this.eraseEverywhere(subjects));
  }

  private async eraseEverywhere(subjects: readonly string[]): Promise<ErasedEntries> {
    const erasure = { subjects, atMs: this.clock.now() };
    await this.store.announce(erasure);
    const found = new Set<string>();
    let deadLetters = 0;
    let deadlineMs: number | undefined;
    for (;;) {
      for (const lane of this.lanes.values())
        for (const { key } of await lane.eraseHeld(erasure)) found.add(key);
      const left = await this.eraseStored(subjects, found);
      // At the end, because entries become dead letters meanwhile.
      deadLetters += await this.store.eraseDeadLetters(subjects);
      if (left === undefined) return { pending: found.size, deadLetters };
      deadlineMs ??= performance.now() + HELD_TIMEOUT_MS;
      if (performance.now() > deadlineMs) throw new Error(`not everything was erased: ${left}`);
      await pause(ERASE_PAUSE_MS);
    }
  }

  /** @returns what is left, and why; `undefined` when nothing is. */
  private async eraseStored(
    subjects: readonly string[],
    found: Set<string>,
  ): Promise<string | undefined> {
    let held = 0;
    let sealed = 0;
    for (const { destination } of await this.store.stats()) {
      const pass = await this.store.erase(destination, subjects);
      for (const { key } of [...pass.erased, ...pass.held, ...pass.sealed]) found.add(key);
      for (const entry of pass.erased) {
        this.listeners.tell(entry.key, ERASED);
        if (this.activity.isHeard)
          this.activity.tell({
            ...ERASED,
            destination,
            eventId: entry.eventId,
            eventName: entry.eventName,
          });
      }
      held += pass.held.length;
      sealed += pass.sealed.length;
      // What a process held that is gone is freed, be there nobody else who looks.
      if (pass.held.length > 0) await this.store.recover(destination);
    }
    if (held > 0) return `${held} entries are in the hands of a process; try again`;
    if (sealed === 0) return undefined;
    return `${sealed} entries share their job with others whose encryption key is missing here`;
  }

  /** Degraded also where the server is there and takes nothing: full, or read-only after a failover. */
  health(): StorageHealth {
    const health = this.store.health();
    if (health.state === 'degraded' || this.trouble === undefined) return health;
    return { state: 'degraded', reason: this.trouble };
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    this.cancelSweep();
    await Promise.all([...this.lanes.values()].map((lane) => this.closeLane(lane)));
    this.listeners.tellAll({
      kind: 'pending',
      reason: 'the application shut down before it ended',
    });
    await within(CLOSE_TIMEOUT_MS, this.store.close()).catch((error: unknown) => {
      this.alarm.error('the connection did not close', error);
    });
  }

  private async closeLane(lane: BullmqLane): Promise<void> {
    await lane.close();
    await within(CLOSE_TIMEOUT_MS, lane.writeCounts()).catch(() => undefined);
  }

  private async askStats(): Promise<readonly LaneStats[] | undefined> {
    if (this.closing !== undefined) return undefined;
    try {
      this.lastStats = await within(STATS_TIMEOUT_MS, this.store.stats());
      return this.withUncounted(this.lastStats);
    } catch (error) {
      this.alarm.error('the counters could not be read', error);
      return undefined;
    }
  }

  /** Also what this process could not tell the server yet: refusals, mostly. */
  private withUncounted(stats: readonly LaneStats[]): readonly LaneStats[] {
    const known = new Map(stats.map((one) => [one.destination, one]));
    for (const [destination, { uncounted }] of this.lanes) {
      const one = known.get(destination) ?? {
        destination,
        pending: 0,
        pendingBytes: 0,
        ...noCounts(),
      };
      const sums = { ...one };
      for (const [name, count] of Object.entries(uncounted) as [keyof LaneCounts, number][])
        sums[name] += count;
      known.set(destination, sums);
    }
    return [...known.values()];
  }

  private refuse(): AppendResult {
    return CLOSED;
  }

  private lane(destination: string): BullmqLane {
    let lane = this.lanes.get(destination);
    if (lane === undefined) {
      const { clock, settings, store, alarm, activity } = this;
      lane = new BullmqLane(destination, this.processId, {
        clock,
        settings,
        store,
        alarm,
        wrote: (trouble) => {
          this.trouble = trouble;
        },
        settled: (entry, settlement) => {
          this.listeners.tell(entry.key, settlement);
        },
        activity,
      });
      this.lanes.set(destination, lane);
    }
    return lane;
  }

  private sweepLater(): () => void {
    return this.clock.after(SWEEP_MS, () => {
      this.store
        .sweep()
        .catch((error: unknown) => {
          this.alarm.error('what has expired could not be removed', error);
        })
        .finally(() => {
          if (this.closing === undefined) this.cancelSweep = this.sweepLater();
        });
    });
  }
}
