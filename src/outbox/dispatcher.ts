import type { Clock } from '../clock';
import { PackedWire } from '../events/packed-wire';
import { ERASED } from './erasure';
import type { EntryHandler, LaneOptions, LeasedEntry, NextStep } from './outbox';
import { ReadyQueue } from './ready-queue';
import type { Priority } from './priority';

/** What a dispatcher asks of the member whose entries it hands over. */
export interface DispatcherOwner<Item extends LeasedEntry> {
  /** Applies one step per item, in order. The dispatcher has let these items go. No step is a pause. */
  apply(items: readonly Item[], steps: readonly NextStep[]): void;
  /** There is room for more items. */
  ran?(): void;
}

/** Items that wait for their next try. */
interface Retry<Item> {
  items: readonly Item[];
  readonly dueMs: number;
  readonly cancel: () => void;
}

/** Items that a handler has in its hands. */
interface HandOver<Item> {
  readonly items: readonly Item[];
  /** How often there had been a pause when it began. */
  readonly pauses: number;
  /** Those without a step; `undefined` where all are. */
  left: Set<Item> | undefined;
  /** They wait out a pause. Back in line at the end of their hand-over, so that they keep their order. */
  paused: Set<Item> | undefined;
}

const DROPPED: NextStep = Object.freeze({ kind: 'drop', reason: ERASED.reason });

/** A handler that throws has a fault; its entries wait a little, so that the fault cannot spin. */
const HANDLER_FAULT: NextStep = { kind: 'retry', delayMs: 5_000, reason: 'the handler failed' };

/**
 * The part of a lane that is the same for every member: holds what is ready in this process, gathers it
 * into batches, hands them over, waits for retries and pauses. What is stored, and where, it does not know.
 *
 * After a pause one entry alone goes ahead; the others follow when it has passed.
 */
export class Dispatcher<Item extends LeasedEntry> {
  private readonly ready = new ReadyQueue<Item>();
  private waiting = 0;
  private readonly retries = new Set<Retry<Item>>();
  private readonly underWay = new Set<HandOver<Item>>();
  /** What is left when a hand-over has ended. */
  private readonly none = new Set<Item>();
  private inHandler = 0;
  /** Those under way that are not to be handed over again. */
  private readonly erased = new WeakSet<Item>();
  private consumer: { options: LaneOptions; handler: EntryHandler } | undefined;
  private cancelLinger: (() => void) | undefined;
  private cancelPause: (() => void) | undefined;
  private pausedUntilMs = 0;
  private pauses = 0;
  private isProbing = false;
  private isFlushing = false;
  private readonly idleListeners = new Set<() => void>();

  constructor(
    private readonly clock: Clock,
    private readonly owner: DispatcherOwner<Item>,
  ) {}

  /** Everything that this process holds: ready, waiting for another try, under way. */
  get size(): number {
    return this.ready.length + this.waiting + this.inHandler;
  }

  get isConsumed(): boolean {
    return this.consumer !== undefined;
  }

  get isPaused(): boolean {
    return this.cancelPause !== undefined;
  }

  start(options: LaneOptions, handler: EntryHandler): void {
    if (this.consumer !== undefined)
      throw new Error(`outbox: ${options.destination} is being consumed already`);
    this.consumer = { options, handler };
    this.handOver();
  }

  /** Hands over nothing more; resolves when what is under way has been applied. */
  stop(): Promise<void> {
    this.consumer = undefined;
    this.cancelLinger?.();
    this.cancelLinger = undefined;
    this.cancelPause?.();
    this.cancelPause = undefined;
    for (const { cancel } of this.retries) cancel();
    this.retries.clear();
    return this.when(() => this.underWay.size === 0);
  }

  /** Forgets what is not under way: it belongs to somebody else now. */
  clear(): void {
    this.ready.take(Infinity);
    for (const { cancel } of this.retries) cancel();
    this.retries.clear();
    this.waiting = 0;
  }

  push(item: Item): void {
    this.ready.push(item);
    if (this.consumer === undefined || this.isPaused) return;
    const { maxEntries, lingerMs } = this.consumer.options;
    if (this.ready.length >= maxEntries || this.isFlushing) {
      this.handOver();
    } else {
      this.cancelLinger ??= this.clock.after(lingerMs, () => {
        this.cancelLinger = undefined;
        this.handOver();
      });
    }
  }

  /** Makes the items ready after the delay. */
  pushLater(items: readonly Item[], delayMs: number): void {
    this.waiting += items.length;
    for (const { wire } of items) if (wire instanceof PackedWire) wire.moveOut();
    const cancel = this.clock.after(delayMs, () => {
      this.retries.delete(retry);
      this.waiting -= retry.items.length;
      for (const item of retry.items) this.push(item);
    });
    const retry: Retry<Item> = { items, dueMs: this.clock.now() + delayMs, cancel };
    this.retries.add(retry);
  }

  /** All that match and are not to be forgotten. */
  find(matches: (item: Item) => boolean): readonly Item[] {
    const retries = [...this.retries].flatMap(({ items }) => items.filter(matches));
    const underWay = this.findUnderWay(matches).filter((item) => !this.erased.has(item));
    return [...this.ready.find(matches), ...retries, ...underWay];
  }

  /**
   * Forgets all that match. Those under way end as they do, but are dropped where they would stay.
   *
   * @returns those that are out, and those under way.
   */
  erase(matches: (item: Item) => boolean): { removed: readonly Item[]; underWay: readonly Item[] } {
    const removed = this.ready.takeAll(matches);
    for (const retry of this.retries) {
      const found = retry.items.filter(matches);
      if (found.length === 0) continue;
      retry.items = retry.items.filter((item) => !matches(item));
      this.waiting -= found.length;
      removed.push(...found);
    }
    const underWay = this.findUnderWay(matches);
    for (const item of underWay) this.erased.add(item);
    return { removed, underWay };
  }

  /** Takes one item out that is not under way: the oldest, or the oldest of one priority. */
  evict(priority: Priority | undefined): Item | undefined {
    return priority === undefined ? this.ready.takeOldest() : this.ready.takeOf(priority);
  }

  /** Stops lingering; resolves when nothing is held that could still end before the deadline. */
  flush(deadlineMs: number): Promise<void> {
    this.isFlushing = true;
    this.cancelLinger?.();
    this.cancelLinger = undefined;
    this.handOver();
    return this.when(() => !this.canProgressBefore(deadlineMs));
  }

  endFlush(): void {
    this.isFlushing = false;
  }

  canProgressBefore(deadlineMs: number): boolean {
    if (this.inHandler > 0) return true;
    // A paused lane waits for a person or a platform, not for us.
    if (this.isPaused || this.consumer === undefined) return false;
    if (this.ready.length > 0) return true;
    for (const { dueMs, items } of this.retries)
      if (dueMs <= deadlineMs && items.length > 0) return true;
    return false;
  }

  /** Hands over all that is ready, as far as concurrency and pauses allow. */
  private handOver(): void {
    while (this.consumer !== undefined && !this.isPaused && this.ready.length > 0) {
      const { maxEntries, concurrency } = this.consumer.options;
      if (this.underWay.size >= (this.isProbing ? 1 : concurrency)) return;
      const batch = this.ready.take(this.isProbing ? 1 : maxEntries);
      void this.handle(batch, this.consumer.handler);
    }
    if (this.consumer !== undefined && !this.isPaused) this.owner.ran?.();
  }

  private async handle(items: readonly Item[], handler: EntryHandler): Promise<void> {
    const { pauses } = this;
    const handOver: HandOver<Item> = { items, pauses, left: undefined, paused: undefined };
    this.underWay.add(handOver);
    this.inHandler += items.length;
    let steps: readonly NextStep[];
    try {
      steps = await handler(items, (entries, early) => {
        handOver.left ??= new Set(items);
        this.apply(handOver, entries as readonly Item[], early);
      });
    } catch {
      // The handler reports its own faults; here only the entries matter.
      steps = [];
    }
    this.underWay.delete(handOver);
    if (handOver.left === undefined || handOver.left.size > 0)
      this.apply(
        handOver,
        items,
        items.map((_item, index) => steps[index] ?? HANDLER_FAULT),
      );
    handOver.left = this.none;
    if (handOver.paused !== undefined) this.putBack(items, handOver.paused);
    this.handOver();
    for (const listener of this.idleListeners) listener();
  }

  /** Of each the first step that it is given. */
  private apply(
    handOver: HandOver<Item>,
    entries: readonly Item[],
    steps: readonly NextStep[],
  ): void {
    const { left } = handOver;
    const items: Item[] = [];
    const itemSteps: NextStep[] = [];
    let pauseMs: number | undefined;
    for (let index = 0; index < entries.length; index += 1) {
      const item = entries[index] as Item;
      const step = steps[index];
      if (step === undefined || left?.delete(item) === false) continue;
      if (step.kind === 'pause-destination') {
        (handOver.paused ??= new Set()).add(item);
        pauseMs = Math.max(pauseMs ?? 0, step.delayMs);
      } else {
        items.push(item);
        itemSteps.push(this.lastStep(item, step));
      }
    }
    if (pauseMs !== undefined) this.pause(pauseMs);
    // What was under way before the pause says nothing of how it is after it.
    else if (items.length > 0 && handOver.pauses === this.pauses) this.isProbing = false;
    this.inHandler -= items.length;
    if (items.length > 0) this.owner.apply(items, itemSteps);
  }

  private putBack(items: readonly Item[], paused: ReadonlySet<Item>): void {
    this.inHandler -= paused.size;
    const isErased = (item: Item) => this.erased.has(item);
    const kept = items.filter((item) => paused.has(item));
    this.ready.putBack(kept.filter((item) => !isErased(item)));
    const erased = kept.filter(isErased);
    if (erased.length > 0)
      this.owner.apply(
        erased,
        erased.map(() => DROPPED),
      );
  }

  /** What was erased meanwhile does not stay. */
  private lastStep(item: Item, step: NextStep): NextStep {
    const isOver = step.kind === 'settle' || step.kind === 'expire' || step.kind === 'drop';
    return isOver || !this.erased.has(item) ? step : DROPPED;
  }

  private findUnderWay(matches: (item: Item) => boolean): Item[] {
    return [...this.underWay].flatMap(({ items, left, paused }) =>
      items.filter((item) => matches(item) && (!left || left.has(item) || paused?.has(item))),
    );
  }

  private pause(delayMs: number): void {
    if (this.consumer === undefined) return;
    this.cancelLinger?.();
    this.cancelLinger = undefined;
    this.isProbing = true;
    this.pauses += 1;
    const untilMs = this.clock.now() + delayMs;
    if (this.isPaused && untilMs <= this.pausedUntilMs) return;
    this.cancelPause?.();
    this.pausedUntilMs = untilMs;
    this.cancelPause = this.clock.after(delayMs, () => {
      this.cancelPause = undefined;
      this.handOver();
    });
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
