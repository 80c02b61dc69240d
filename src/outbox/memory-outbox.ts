import type { Clock } from '../clock';
import { ActivityStream } from './activity';
import { DEFAULT_DEAD_LETTER_LIMIT } from './dead-letter-query';
import type { ErasedEntries } from './erasure';
import { oldestFirst } from './kept-event';
import { MemoryLane } from './memory-lane';
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
} from './outbox';
import { OUTBOX_DEFAULTS, type OutboxSettings } from './outbox-settings';
import { CLOSED, DUPLICATE, overflow, STORED } from './refusals';
import { SeenKeys } from './seen-keys';
import { SettlementListeners } from './settlement-listeners';
import { untilTimeIsUp } from './until-time-is-up';

export type MemoryOutboxOptions = Partial<OutboxSettings>;

const MAX_SEEN_EVENTS = 500_000;

/**
 * The outbox in this process' memory: fast, and gone with the process. When it is full, new entries
 * are refused, because what was accepted is not thrown away unless a policy says so.
 */
export class MemoryOutbox implements Outbox {
  readonly takesPackedWires = true;
  private readonly lanes = new Map<string, MemoryLane>();
  private readonly listeners = new SettlementListeners();
  private readonly seen: SeenKeys;
  private readonly settings: OutboxSettings;
  private isClosed = false;

  constructor(
    private readonly clock: Clock,
    options: MemoryOutboxOptions = {},
    private readonly activity: ActivityStream = new ActivityStream(),
  ) {
    this.settings = { ...OUTBOX_DEFAULTS, ...options };
    this.seen = new SeenKeys(this.settings.idempotencyWindowMs, MAX_SEEN_EVENTS);
  }

  append(entries: readonly OutboxEntry[]): Promise<readonly AppendResult[]> {
    return Promise.resolve(entries.map((entry) => this.appendOne(entry)));
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
    await untilTimeIsUp(timeoutMs, () => Promise.all(lanes.map((lane) => lane.flush(deadlineMs))));
    for (const lane of lanes) lane.endFlush();
    return this.pending() === 0;
  }

  stats(): Promise<readonly LaneStats[]> {
    return Promise.resolve([...this.lanes.values()].map((lane) => lane.stats()));
  }

  deadLetters(query: DeadLetterQuery = {}): Promise<readonly DeadLetter[]> {
    return Promise.resolve(
      this.chosenDeadLetters({ limit: DEFAULT_DEAD_LETTER_LIMIT, ...query }).flatMap(
        ({ letters }) => letters,
      ),
    );
  }

  redrive(query: DeadLetterQuery = {}): Promise<number> {
    return Promise.resolve(
      this.chosenDeadLetters(query).reduce((count, { lane, letters }) => {
        lane.redrive(new Set(letters));
        return count + letters.length;
      }, 0),
    );
  }

  purgeDeadLetters(query: DeadLetterQuery = {}): Promise<number> {
    return Promise.resolve(
      this.chosenDeadLetters(query).reduce((count, { lane, letters }) => {
        lane.removeDeadLetters(new Set(letters));
        return count + letters.length;
      }, 0),
    );
  }

  findAbout(subjects: readonly string[]): Promise<readonly KeptEvent[]> {
    const lanes = [...this.lanes.values()];
    return Promise.resolve(oldestFirst(lanes.flatMap((lane) => lane.findAbout(subjects))));
  }

  erase(subjects: readonly string[]): Promise<ErasedEntries> {
    let pending = 0;
    let deadLetters = 0;
    for (const lane of this.lanes.values()) {
      const erased = lane.erase(subjects);
      pending += erased.pending;
      deadLetters += erased.deadLetters;
    }
    return Promise.resolve({ pending, deadLetters });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all([...this.lanes.values()].map((lane) => lane.stop()));
    this.listeners.tellAll({
      kind: 'pending',
      reason: 'the application shut down before it ended',
    });
  }

  private appendOne(entry: OutboxEntry): AppendResult {
    const lane = this.lane(entry.destination);
    if (this.isClosed) {
      lane.countRefused();
      return CLOSED;
    }
    const nowMs = this.clock.now();
    if (this.seen.has(entry, nowMs)) {
      lane.countDuplicate();
      return DUPLICATE;
    }
    if (!lane.makesRoomFor(entry)) {
      lane.countRefused();
      return overflow(lane.pending);
    }
    this.seen.add(entry, nowMs);
    lane.add(entry);
    return STORED;
  }

  private pending(): number {
    let sum = 0;
    for (const lane of this.lanes.values()) sum += lane.pending;
    return sum;
  }

  private lane(destination: string): MemoryLane {
    let lane = this.lanes.get(destination);
    if (lane === undefined) {
      lane = new MemoryLane(destination, this.clock, this.settings, this.activity, {
        settled: (entry, settlement) => {
          this.listeners.tell(entry.key, settlement);
        },
      });
      this.lanes.set(destination, lane);
    }
    return lane;
  }

  private chosenDeadLetters(
    query: DeadLetterQuery,
  ): { lane: MemoryLane; letters: readonly DeadLetter[] }[] {
    let left = query.limit ?? Infinity;
    return [...this.lanes.values()].map((lane) => {
      const letters = lane.deadLetters(query).slice(0, left);
      left -= letters.length;
      return { lane, letters };
    });
  }
}
