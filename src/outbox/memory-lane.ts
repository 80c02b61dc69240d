import type { Clock } from '../clock';
import type {
  Consumer,
  DeadLetter,
  EntryHandler,
  LaneOptions,
  LaneStats,
  NextStep,
  OutboxEntry,
  Settlement,
} from './outbox';

/** What a lane tells the outbox that owns it. */
export interface LaneEvents {
  settled(entry: OutboxEntry, settlement: Settlement): void;
}

interface Item extends OutboxEntry {
  attempts: number;
}

const MAX_DEAD_LETTERS = 10_000;
/** A handler that throws has a fault; its entries wait a little, so that the fault cannot spin. */
const HANDLER_FAULT_DELAY_MS = 5_000;

/** The entries of one destination: a queue in the order of arrival, and those that wait for another try. */
export class MemoryLane implements Consumer {
  private queue: Item[] = [];
  private head = 0;
  private waiting = 0;
  /** Cancels a retry; by the time at which it is due. */
  private readonly retriesDueMs = new Map<() => void, number>();
  private underWay = 0;
  private consumer: { options: LaneOptions; handler: EntryHandler } | undefined;
  private cancelLinger: (() => void) | undefined;
  private cancelPause: (() => void) | undefined;
  private isFlushing = false;
  private dead: DeadLetter[] = [];
  private readonly idleListeners = new Set<() => void>();
  private readonly counts = {
    accepted: 0,
    delivered: 0,
    deadLettered: 0,
    expired: 0,
    duplicates: 0,
    refused: 0,
    retries: 0,
  };

  constructor(
    readonly destination: string,
    private readonly clock: Clock,
    private readonly events: LaneEvents,
  ) {}

  get pending(): number {
    return this.queued + this.waiting + this.inHandler;
  }

  private get queued(): number {
    return this.queue.length - this.head;
  }

  private inHandler = 0;

  add(entry: OutboxEntry): void {
    this.counts.accepted += 1;
    this.enqueue(itemOf(entry));
  }

  countDuplicate(): void {
    this.counts.duplicates += 1;
  }

  countRefused(): void {
    this.counts.refused += 1;
  }

  stats(): LaneStats {
    return { destination: this.destination, pending: this.pending, ...this.counts };
  }

  consume(options: LaneOptions, handler: EntryHandler): Consumer {
    if (this.consumer !== undefined)
      throw new Error(`outbox: ${this.destination} is being consumed already`);
    this.consumer = { options, handler };
    this.handOver();
    return this;
  }

  stop(): Promise<void> {
    this.consumer = undefined;
    this.cancelLinger?.();
    this.cancelLinger = undefined;
    this.cancelPause?.();
    this.cancelPause = undefined;
    for (const cancel of this.retriesDueMs.keys()) cancel();
    this.retriesDueMs.clear();
    return this.when(() => this.underWay === 0);
  }

  /** Stops lingering; resolves when nothing is pending that could still end before the deadline. */
  flush(deadlineMs: number): Promise<void> {
    this.isFlushing = true;
    this.cancelLinger?.();
    this.cancelLinger = undefined;
    this.handOver();
    return this.when(() => !this.canProgressBefore(deadlineMs)).finally(() => {
      this.isFlushing = false;
    });
  }

  endFlush(): void {
    this.isFlushing = false;
  }

  deadLetters(): readonly DeadLetter[] {
    return this.dead;
  }

  redrive(keys: ReadonlySet<string> | undefined): number {
    const chosen = this.dead.filter(({ entry }) => keys === undefined || keys.has(entry.key));
    if (chosen.length === 0) return 0;
    this.dead = this.dead.filter(({ entry }) => keys !== undefined && !keys.has(entry.key));
    this.counts.deadLettered -= chosen.length;
    for (const { entry } of chosen) this.enqueue(itemOf(entry));
    return chosen.length;
  }

  private enqueue(item: Item): void {
    this.queue.push(item);
    if (this.consumer === undefined || this.cancelPause !== undefined) return;
    const { maxEntries, lingerMs } = this.consumer.options;
    if (this.queued >= maxEntries || this.isFlushing) {
      this.handOver();
    } else {
      this.cancelLinger ??= this.clock.after(lingerMs, () => {
        this.cancelLinger = undefined;
        this.handOver();
      });
    }
  }

  /** Hands over all that is queued, as far as the concurrency allows. */
  private handOver(): void {
    while (
      this.consumer !== undefined &&
      this.cancelPause === undefined &&
      this.queued > 0 &&
      this.underWay < this.consumer.options.concurrency
    ) {
      void this.handle(this.take(this.consumer.options.maxEntries), this.consumer.handler);
    }
  }

  private take(maxEntries: number): Item[] {
    const batch = this.queue.slice(this.head, this.head + maxEntries);
    this.head += batch.length;
    // Cutting the used front off only now and then keeps taking cheap however long the queue is.
    if (this.head === this.queue.length) {
      this.queue = [];
      this.head = 0;
    } else if (this.head > 10_000 && this.head * 2 > this.queue.length) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
    return batch;
  }

  private async handle(batch: Item[], handler: EntryHandler): Promise<void> {
    this.underWay += 1;
    this.inHandler += batch.length;
    let steps: readonly NextStep[];
    try {
      steps = await handler(batch);
    } catch {
      // The handler reports its own faults; here only the entries matter.
      steps = [];
    }
    this.underWay -= 1;
    this.inHandler -= batch.length;
    this.apply(batch, steps);
    this.handOver();
    for (const listener of this.idleListeners) listener();
  }

  private apply(batch: readonly Item[], steps: readonly NextStep[]): void {
    const retries = new Map<number, Item[]>();
    const kept: Item[] = [];
    for (const [index, item] of batch.entries()) {
      const step = steps[index] ?? {
        kind: 'retry',
        delayMs: HANDLER_FAULT_DELAY_MS,
        reason: 'the handler failed',
      };
      switch (step.kind) {
        case 'settle':
          this.counts.delivered += 1;
          this.events.settled(item, { kind: 'delivered' });
          break;
        case 'dead-letter':
          this.bury(item, step.reason);
          break;
        case 'expire':
          this.counts.expired += 1;
          this.events.settled(item, { kind: 'expired', reason: step.reason });
          break;
        case 'retry': {
          item.attempts += 1;
          this.counts.retries += 1;
          const sameDelay = retries.get(step.delayMs);
          if (sameDelay === undefined) retries.set(step.delayMs, [item]);
          else sameDelay.push(item);
          break;
        }
        case 'pause-destination':
          kept.push(item);
          this.pause(step.delayMs);
          break;
      }
    }
    if (kept.length > 0) {
      this.queue = [...kept, ...this.queue.slice(this.head)];
      this.head = 0;
    }
    for (const [delayMs, items] of retries) this.retryLater(items, delayMs);
  }

  private bury(item: Item, reason: string): void {
    this.counts.deadLettered += 1;
    const { attempts, ...entry } = item;
    this.dead.push({ entry, reason, attempts: attempts + 1, atMs: this.clock.now() });
    if (this.dead.length > MAX_DEAD_LETTERS) this.dead.shift();
    this.events.settled(entry, { kind: 'dead-lettered', reason });
  }

  private retryLater(items: readonly Item[], delayMs: number): void {
    this.waiting += items.length;
    const cancel = this.clock.after(delayMs, () => {
      this.retriesDueMs.delete(cancel);
      this.waiting -= items.length;
      for (const item of items) this.enqueue(item);
    });
    this.retriesDueMs.set(cancel, this.clock.now() + delayMs);
  }

  private pause(delayMs: number): void {
    if (this.consumer === undefined) return;
    this.cancelPause ??= this.clock.after(delayMs, () => {
      this.cancelPause = undefined;
      this.handOver();
    });
  }

  private canProgressBefore(deadlineMs: number): boolean {
    if (this.inHandler > 0) return true;
    // A paused lane waits for a person, not for us.
    if (this.cancelPause !== undefined) return false;
    if (this.queued > 0) return true;
    for (const dueMs of this.retriesDueMs.values()) if (dueMs <= deadlineMs) return true;
    return false;
  }

  private when(isReached: () => boolean): Promise<void> {
    if (isReached()) return Promise.resolve();
    return new Promise((resolve) => {
      const listener = () => {
        if (!isReached()) return;
        this.idleListeners.delete(listener);
        resolve();
      };
      this.idleListeners.add(listener);
    });
  }
}

/** Field by field, because a spread costs several times as much and this is done for every event. */
function itemOf(entry: OutboxEntry): Item {
  return {
    key: entry.key,
    destination: entry.destination,
    eventId: entry.eventId,
    eventName: entry.eventName,
    occurredAtMs: entry.occurredAtMs,
    acceptedAtMs: entry.acceptedAtMs,
    wire: entry.wire,
    attempts: 0,
  };
}
