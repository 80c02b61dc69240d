import type { Clock } from '../clock';
import { plainWire } from '../events/packed-wire';
import type { WireEvent } from '../events/wire-event';
import type { ActivityStream } from './activity';
import { isAskedFor } from './dead-letter-query';
import { Dispatcher } from './dispatcher';
import { evictionOrder, firstOf } from './eviction';
import { entryBytes } from './entry-bytes';
import { aboutAny, ERASED, type ErasedEntries } from './erasure';
import { keptEvent } from './kept-event';
import { noCounts, pendingOf } from './lane-counts';
import type {
  Consumer,
  DeadLetter,
  DeadLetterQuery,
  EntryHandler,
  KeptEvent,
  LaneOptions,
  LaneStats,
  NextStep,
  OutboxEntry,
  Settlement,
} from './outbox';
import type { OutboxSettings } from './outbox-settings';
import { WirePackers } from './wire-packers';

/** What a lane tells the outbox that owns it. */
export interface LaneEvents {
  settled(entry: OutboxEntry, settlement: Settlement): void;
}

interface Item extends OutboxEntry {
  attempts: number;
}

const MAX_DEAD_LETTERS = 10_000;

/** The entries of one destination, in this process' memory. */
export class MemoryLane implements Consumer {
  private readonly dispatcher: Dispatcher<Item>;
  private readonly counts = noCounts();
  private pendingBytes = 0;
  private readonly packers = new WirePackers();
  private dead: DeadLetter[] = [];

  constructor(
    readonly destination: string,
    private readonly clock: Clock,
    private readonly settings: OutboxSettings,
    private readonly activity: ActivityStream,
    private readonly events: LaneEvents,
  ) {
    this.dispatcher = new Dispatcher<Item>(clock, {
      apply: (items, steps) => {
        this.apply(items, steps);
      },
    });
  }

  get pending(): number {
    return pendingOf(this.counts);
  }

  /** Whether there is room for the entry, be it made by throwing another away. */
  makesRoomFor(entry: OutboxEntry): boolean {
    const { maxPendingEntries, maxPendingBytes, overflow } = this.settings;
    const bytes = entryBytes(entry);
    while (this.pending >= maxPendingEntries || this.pendingBytes + bytes > maxPendingBytes) {
      const dropped = firstOf(evictionOrder(overflow, entry.priority), (priority) =>
        this.dispatcher.evict(priority),
      );
      if (dropped === undefined) return false;
      this.drop(dropped, this.activity.evicted(dropped, overflow));
    }
    return true;
  }

  add(entry: OutboxEntry): void {
    this.counts.accepted += 1;
    this.hold(entry);
  }

  countDuplicate(): void {
    this.counts.duplicates += 1;
  }

  countRefused(): void {
    this.counts.refused += 1;
  }

  stats(): LaneStats {
    const { destination, pending, pendingBytes } = this;
    return { destination, pending, pendingBytes, ...this.counts };
  }

  consume(options: LaneOptions, handler: EntryHandler): Consumer {
    this.dispatcher.start(options, handler);
    return this;
  }

  stop(): Promise<void> {
    return this.dispatcher.stop();
  }

  flush(deadlineMs: number): Promise<void> {
    return this.dispatcher.flush(deadlineMs);
  }

  endFlush(): void {
    this.dispatcher.endFlush();
  }

  deadLetters(query: DeadLetterQuery): readonly DeadLetter[] {
    this.purgeOldDeadLetters();
    return this.dead.filter((letter) => isAskedFor(letter, query));
  }

  redrive(letters: ReadonlySet<DeadLetter>): void {
    this.removeDeadLetters(letters);
    this.counts.deadLettered -= letters.size;
    for (const { entry } of letters) this.hold(entry);
  }

  removeDeadLetters(letters: ReadonlySet<DeadLetter>): void {
    this.dead = this.dead.filter((letter) => !letters.has(letter));
  }

  findAbout(subjects: readonly string[]): readonly KeptEvent[] {
    const isAbout = aboutAny(subjects);
    const dead = this.deadLetters({}).filter(({ entry }) => isAbout(entry));
    return [
      ...this.dispatcher.find(isAbout).map((item) => keptEvent(item, 'pending')),
      ...dead.map(({ entry }) => keptEvent(entry, 'dead-letter')),
    ];
  }

  /** @returns how many are gone, or end with what is under way. */
  erase(subjects: readonly string[]): ErasedEntries {
    const isAbout = aboutAny(subjects);
    const { removed, underWay } = this.dispatcher.erase(isAbout);
    for (const item of removed) this.erased(item);
    const left = this.dead.filter(({ entry }) => !isAbout(entry));
    const deadLetters = this.dead.length - left.length;
    this.dead = left;
    return { pending: removed.length + underWay.length, deadLetters };
  }

  private hold(entry: OutboxEntry): void {
    const item = itemOf(entry, this.packers.pack(entry));
    this.pendingBytes += entryBytes(item);
    this.dispatcher.push(item);
  }

  private apply(items: readonly Item[], steps: readonly NextStep[]): void {
    let retries: Map<number, Item[]> | undefined;
    for (let index = 0; index < items.length; index += 1) {
      const item = items[index] as Item;
      const step = steps[index] as NextStep;
      switch (step.kind) {
        case 'settle':
          this.counts.delivered += 1;
          this.end(item, { kind: 'delivered' });
          break;
        case 'dead-letter':
          this.bury(item, step.reason);
          break;
        case 'expire':
          this.counts.expired += 1;
          this.end(item, { kind: 'expired', reason: step.reason });
          break;
        case 'drop':
          this.counts.dropped += 1;
          this.end(item, { kind: 'dropped', reason: step.reason });
          break;
        case 'retry': {
          item.attempts += 1;
          this.counts.retries += 1;
          retries ??= new Map();
          const sameDelay = retries.get(step.delayMs);
          if (sameDelay === undefined) retries.set(step.delayMs, [item]);
          else sameDelay.push(item);
          break;
        }
        case 'pause-destination':
          // The dispatcher keeps these itself.
          break;
      }
    }
    for (const [delayMs, later] of retries ?? []) this.dispatcher.pushLater(later, delayMs);
  }

  private bury(item: Item, reason: string): void {
    this.counts.deadLettered += 1;
    const { attempts, ...rest } = item;
    const entry = { ...rest, wire: plainWire(rest.wire) };
    this.dead.push({ entry, reason, attempts: attempts + 1, atMs: this.clock.now() });
    if (this.dead.length > MAX_DEAD_LETTERS) this.dead.shift();
    this.end(item, { kind: 'dead-lettered', reason });
  }

  private drop(item: Item, reason: string): void {
    this.counts.dropped += 1;
    this.end(item, { kind: 'dropped', reason });
  }

  private erased(item: Item): void {
    const { destination, eventId, eventName } = item;
    this.drop(item, ERASED.reason);
    this.activity.tell({ ...ERASED, destination, eventId, eventName });
  }

  private end(item: Item, settlement: Settlement): void {
    this.pendingBytes -= entryBytes(item);
    this.events.settled(item, settlement);
  }

  private purgeOldDeadLetters(): void {
    const beforeMs = this.clock.now() - this.settings.deadLetterTtlMs;
    if ((this.dead[0]?.atMs ?? Infinity) < beforeMs)
      this.dead = this.dead.filter(({ atMs }) => atMs >= beforeMs);
  }
}

/** Field by field, because a spread costs several times as much and this is done for every event. */
function itemOf(entry: OutboxEntry, wire: WireEvent): Item {
  return {
    key: entry.key,
    destination: entry.destination,
    eventId: entry.eventId,
    eventName: entry.eventName,
    occurredAtMs: entry.occurredAtMs,
    acceptedAtMs: entry.acceptedAtMs,
    priority: entry.priority,
    subjects: entry.subjects,
    consentAtMs: entry.consentAtMs,
    wire,
    attempts: 0,
  };
}
