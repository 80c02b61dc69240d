import { timerMs, type Clock } from '../clock';
import { MemoryLane } from './memory-lane';
import type {
  AppendResult,
  Consumer,
  DeadLetter,
  EntryHandler,
  LaneOptions,
  LaneStats,
  Outbox,
  OutboxEntry,
  Settlement,
} from './outbox';
import { SeenKeys } from './seen-keys';

export interface MemoryOutboxOptions {
  /** The most pending entries of one destination; a new one over it is refused. Default 100,000. */
  readonly maxPendingEntries?: number;
  /** How long an idempotency key is remembered. Default 48 hours, the platforms' own window. */
  readonly idempotencyWindowMs?: number;
}

const MAX_SEEN_KEYS = 500_000;
const DEFAULT_MAX_PENDING = 100_000;
const DEFAULT_WINDOW_MS = 48 * 3_600_000;

const STORED: AppendResult = { kind: 'stored' };
const DUPLICATE: AppendResult = { kind: 'duplicate' };
const CLOSED: AppendResult = {
  kind: 'refused',
  problem: {
    field: 'storage',
    code: 'storage_unavailable',
    message: 'the application has shut down; the event was not stored',
  },
};

/**
 * The outbox in this process' memory: fast, and gone with the process. When it is full, new entries
 * are refused, because what was accepted is never thrown away.
 */
export class MemoryOutbox implements Outbox {
  private readonly lanes = new Map<string, MemoryLane>();
  private readonly listeners = new Map<string, Set<(settlement: Settlement) => void>>();
  private readonly seen: SeenKeys;
  private readonly maxPending: number;
  private isClosed = false;

  constructor(
    private readonly clock: Clock,
    options: MemoryOutboxOptions = {},
  ) {
    this.maxPending = options.maxPendingEntries ?? DEFAULT_MAX_PENDING;
    this.seen = new SeenKeys(options.idempotencyWindowMs ?? DEFAULT_WINDOW_MS, MAX_SEEN_KEYS);
  }

  append(entries: readonly OutboxEntry[]): Promise<readonly AppendResult[]> {
    return Promise.resolve(entries.map((entry) => this.appendOne(entry)));
  }

  consume(options: LaneOptions, handler: EntryHandler): Consumer {
    return this.lane(options.destination).consume(options, handler);
  }

  onSettled(key: string, listener: (settlement: Settlement) => void): () => void {
    const listeners = this.listeners.get(key) ?? new Set();
    this.listeners.set(key, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.listeners.get(key) === listeners) this.listeners.delete(key);
    };
  }

  async flush(timeoutMs: number): Promise<boolean> {
    const lanes = [...this.lanes.values()];
    let timer: NodeJS.Timeout | undefined;
    // This timer keeps the process alive on purpose: somebody waits for the flush.
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timerMs(timeoutMs));
    });
    const deadlineMs = this.clock.now() + timeoutMs;
    await Promise.race([Promise.all(lanes.map((lane) => lane.flush(deadlineMs))), timeout]);
    clearTimeout(timer);
    for (const lane of lanes) lane.endFlush();
    return this.pending() === 0;
  }

  stats(): Promise<readonly LaneStats[]> {
    return Promise.resolve([...this.lanes.values()].map((lane) => lane.stats()));
  }

  deadLetters(
    query: { destination?: string; limit?: number } = {},
  ): Promise<readonly DeadLetter[]> {
    const letters = this.chosenLanes(query.destination).flatMap((lane) => [...lane.deadLetters()]);
    return Promise.resolve(letters.slice(0, query.limit ?? 100));
  }

  redrive(query: { destination?: string; keys?: readonly string[] } = {}): Promise<number> {
    const keys = query.keys === undefined ? undefined : new Set(query.keys);
    const counts = this.chosenLanes(query.destination).map((lane) => lane.redrive(keys));
    return Promise.resolve(counts.reduce((sum, count) => sum + count, 0));
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all([...this.lanes.values()].map((lane) => lane.stop()));
    for (const key of [...this.listeners.keys()]) {
      this.announce(key, { kind: 'pending', reason: 'the application shut down before it ended' });
    }
  }

  private appendOne(entry: OutboxEntry): AppendResult {
    const lane = this.lane(entry.destination);
    if (this.isClosed) {
      lane.countRefused();
      return CLOSED;
    }
    if (lane.pending >= this.maxPending) {
      lane.countRefused();
      return {
        kind: 'refused',
        problem: {
          field: 'storage',
          code: 'overflow',
          message: `${this.maxPending} entries are pending, so no more are taken; is the destination down?`,
        },
      };
    }
    if (!this.seen.add(entry.key, this.clock.now())) {
      lane.countDuplicate();
      return DUPLICATE;
    }
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
      lane = new MemoryLane(destination, this.clock, {
        settled: (entry, settlement) => {
          this.announce(entry.key, settlement);
        },
      });
      this.lanes.set(destination, lane);
    }
    return lane;
  }

  private chosenLanes(destination: string | undefined): MemoryLane[] {
    return [...this.lanes.values()].filter(
      (lane) => destination === undefined || lane.destination === destination,
    );
  }

  private announce(key: string, settlement: Settlement): void {
    const listeners = this.listeners.get(key);
    if (listeners === undefined) return;
    this.listeners.delete(key);
    for (const listener of listeners) listener(settlement);
  }
}
