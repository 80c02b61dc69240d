import { systemClock, type Clock } from '../clock';
import { Dispatcher } from '../outbox/dispatcher';
import { ERASED } from '../outbox/erasure';
import { evictionOrder, firstOf } from '../outbox/eviction';
import { groupedBy } from '../outbox/grouped-by';
import type {
  Consumer,
  EntryHandler,
  LaneOptions,
  NextStep,
  OutboxEntry,
  Settlement,
} from '../outbox/outbox';
import type { OverflowPolicy } from '../outbox/outbox-settings';
import type { Priority } from '../outbox/priority';
import type { SettlementListeners } from '../outbox/settlement-listeners';
import type { GroupCommit } from './group-commit';
import type { LaneCounters } from './lane-counters';
import type { LeftErased } from './left-erased';
import type { OwnerLease } from './owner-lease';
import type { PendingEntries } from './pending-entries';
import { NOBODY, type StoredEntry } from './stored-entry';

/** What all lanes of one database share. */
export interface LaneParts {
  readonly clock: Clock;
  readonly commits: GroupCommit;
  readonly entries: PendingEntries;
  readonly counters: LaneCounters;
  readonly erased: LeftErased;
  readonly lease: OwnerLease;
  readonly listeners: SettlementListeners;
  /** What a person should see to; once. */
  readonly alarm: (text: string) => void;
  /** The disk did not take what became of entries. */
  readonly troubled: (error: unknown) => void;
  /** Runs inside the next transaction. Rejects when that fails. */
  readonly write: <Result>(rows: number, run: () => Result) => Promise<Result>;
  /** Resolves when the lease is good again. */
  readonly renewLease: () => Promise<void>;
}

/** So many entries of a destination are held in memory; the others wait on the disk. */
const MAX_HELD = 4_000;
const LOW_WATER = 1_000;
/** Entries of one claim: more would hold the event loop up. */
const CLAIM_SIZE = 200;
/** A retry that is due later waits on the disk. */
const MAX_HELD_DELAY_MS = 60_000;
/** How often is looked for what another process has put there. */
const POLL_MS = 500;
/** The end of an entry is a byte in its group: so many take what it takes to store one. */
const ENDS_PER_ROW = 4;
/** So many that arrived are written down together: as many as a transaction takes where the disk is slow. */
const MAX_GATHERED = 2_000;
/** Dead letters of one write. */
const BURIAL_SIZE = 20;
/** When the storage did not take the end of an entry, it is told again after this. */
const SETTLE_AGAIN_MS = 1_000;

/** The entries of one destination: the next ones in memory, all of them on the disk. */
export class SqliteLane implements Consumer {
  private readonly dispatcher: Dispatcher<StoredEntry>;
  /** Whether somebody's entries may wait on the disk. */
  private hasMore = true;
  private isClaiming = false;
  /** Whether something came while a claim was under way, which may have missed it. */
  private cameMeanwhile = false;
  /** Claimed by the transaction that is under way. */
  private claimed: StoredEntry[] = [];
  /** What arrived and goes with the next commit. */
  private delivered: StoredEntry[] = [];
  private cancelPoll: (() => void) | undefined;
  private isStopped = false;

  constructor(
    readonly destination: string,
    private readonly parts: LaneParts,
  ) {
    this.dispatcher = new Dispatcher<StoredEntry>(parts.clock, {
      apply: (items, steps) => {
        this.settle(items, steps);
      },
      ran: () => {
        this.claimMore();
      },
    });
  }

  consume(options: LaneOptions, handler: EntryHandler): Consumer {
    const { clock, lease, renewLease } = this.parts;
    this.isStopped = false;
    this.dispatcher.start(options, async (entries, apply) => {
      if (!lease.isValid(clock.now())) await renewLease();
      const isOurs = (entries as readonly StoredEntry[]).every(
        ({ owner }) => owner === lease.current,
      );
      // Who was away for longer than its lease has lost what it held; settling tells the dispatcher.
      return isOurs && lease.isValid(clock.now())
        ? handler(entries, apply)
        : entries.map(() => LEASE_LOST);
    });
    this.poll();
    return this;
  }

  stop(): Promise<void> {
    this.isStopped = true;
    this.cancelPoll?.();
    return this.dispatcher.stop();
  }

  /** Everything that was held belongs to somebody else. */
  lost(): void {
    this.dispatcher.clear();
    this.moreWaits();
  }

  /** There is something on the disk that nobody holds. */
  moreWaits(): void {
    this.hasMore = true;
    this.cameMeanwhile = true;
    this.claimMore();
  }

  /** Whether a new entry goes straight to memory: it does not where others wait on the disk. */
  get takesDirectly(): boolean {
    const { isConsumed, isPaused, size } = this.dispatcher;
    return isConsumed && !isPaused && !this.hasMore && size < MAX_HELD;
  }

  /** Of an entry that this process holds already. */
  push(entry: StoredEntry): void {
    this.dispatcher.push(entry);
  }

  /** Inside a transaction: removes an entry that makes room. */
  evict(policy: OverflowPolicy, newcomer: Priority): StoredEntry | undefined {
    const { entries } = this.parts;
    return firstOf(evictionOrder(policy, newcomer), (priority) => {
      const held = this.dispatcher.evict(priority);
      if (held !== undefined) return this.removeHeld(held);
      const claimed = this.evictClaimed(priority);
      if (claimed === undefined) return entries.evict(this.destination, priority);
      if (entries.remove([claimed]).length === 0) return undefined;
      // If the transaction fails, so does the claim: it is nobody's to put back.
      return { ...claimed, owner: NOBODY };
    });
  }

  private removeHeld(held: StoredEntry): StoredEntry | undefined {
    try {
      return this.parts.entries.remove([held]).length > 0 ? held : undefined;
    } catch (error) {
      // It is still there, and ours.
      this.dispatcher.push(held);
      throw error;
    }
  }

  private evictClaimed(priority: Priority | undefined): StoredEntry | undefined {
    const at = this.claimed.findIndex(
      (entry) => priority === undefined || entry.priority === priority,
    );
    return at < 0 ? undefined : this.claimed.splice(at, 1)[0];
  }

  /** Lets go in memory what matches and is not under way. The rows stay. */
  release(matches: (entry: StoredEntry) => boolean): readonly StoredEntry[] {
    return this.dispatcher.erase(matches).removed;
  }

  /**
   * Removes what is left of entries that any process has erased: those that nobody holds, and those that this
   * one does and are not under way.
   */
  async sweepErased(): Promise<void> {
    const { erased, lease, write, counters, listeners } = this.parts;
    for (;;) {
      const left = erased.find(this.destination, lease.current ?? NOBODY);
      if (left === undefined) return;
      const { removed, underWay } = this.dispatcher.erase((entry) => left.has(entry));
      for (const entry of underWay) left.leave(entry);
      // Whatever the disk says: they are out of our hands, and nothing of them is left to be sent.
      for (const { key } of removed) listeners.tell(key, ERASED);
      const ended = await write(left.size, () => {
        const { count, bytes } = erased.end(left);
        const change = counters.change(this.destination);
        change.dropped += count;
        change.pendingBytes -= bytes;
        return count;
      });
      if (!left.hasMore || ended === 0) return;
    }
  }

  flush(deadlineMs: number): Promise<void> {
    this.claimMore();
    return this.dispatcher.flush(deadlineMs);
  }

  endFlush(): void {
    this.dispatcher.endFlush();
  }

  canProgressBefore(deadlineMs: number): boolean {
    const { isConsumed, isPaused } = this.dispatcher;
    if (this.dispatcher.canProgressBefore(deadlineMs)) return true;
    if (!isConsumed || isPaused) return false;
    return this.hasMore || (this.nextDueAtMs() ?? Infinity) <= deadlineMs;
  }

  private claimMore(): void {
    if (!this.hasMore || this.isClaiming || this.isStopped || !this.dispatcher.isConsumed) return;
    if (this.dispatcher.size >= LOW_WATER) return;
    this.isClaiming = true;
    this.cameMeanwhile = false;
    const { clock, commits, entries, lease } = this.parts;
    let isOwner = true;
    let isFull = false;
    commits.add({
      rows: CLAIM_SIZE,
      run: () => {
        const owner = lease.confirmed();
        isOwner = owner !== undefined;
        this.claimed = [];
        if (owner === undefined) return;
        const claim = entries.claim(this.destination, owner, clock.now(), CLAIM_SIZE);
        isFull = claim.isFull;
        if (claim.sealedWhy !== undefined)
          this.parts.alarm(`entries wait for their encryption key: they ${claim.sealedWhy}`);
        this.claimed = this.withoutFaulty(claim.entries);
      },
      committed: () => {
        this.isClaiming = false;
        // Without a lease, its renewal will call again.
        if (isOwner) this.hasMore = isFull || this.cameMeanwhile;
        for (const entry of this.claimed.splice(0)) this.dispatcher.push(entry);
        if (isOwner) this.claimMore();
      },
      failed: () => {
        this.isClaiming = false;
        this.claimed = [];
      },
    });
  }

  /** Inside a transaction: what the disk has changed, or no key of ours opens, is given up. */
  private withoutFaulty(claimed: readonly StoredEntry[]): StoredEntry[] {
    const reasons = new Map<StoredEntry, NextStep>();
    for (const entry of claimed) {
      const { fault } = entry;
      if (fault !== undefined) reasons.set(entry, { kind: 'dead-letter', reason: fault });
    }
    if (reasons.size === 0) return [...claimed];
    const reason = claimed.find(({ fault }) => fault !== undefined)?.fault as string;
    this.parts.alarm(`entries become dead letters: ${reason}`);
    this.bury([...reasons.keys()], reasons, this.parts.clock.now());
    return claimed.filter(({ fault }) => fault === undefined);
  }

  /** Looks for what others have put there, and for what has become due. */
  private poll(): void {
    this.cancelPoll?.();
    if ((this.nextDueAtMs() ?? Infinity) <= this.parts.clock.now()) this.moreWaits();
    if (this.isStopped) return;
    // The file is real, so this goes by real time, whatever clock the events go by.
    this.cancelPoll = systemClock.after(POLL_MS, () => {
      this.poll();
    });
  }

  /** When the first that waits on the disk is due. */
  private nextDueAtMs(): number | undefined {
    try {
      return this.parts.entries.nextDueAtMs(this.destination);
    } catch {
      // The database is out of reach; what is written meanwhile says so.
      return undefined;
    }
  }

  /** What needs room on the disk goes by itself: where there is none, the rest makes it. */
  private settle(items: readonly StoredEntry[], steps: readonly NextStep[]): void {
    const delivered: StoredEntry[] = [];
    const others: StoredEntry[] = [];
    const dead: StoredEntry[] = [];
    const reasons = new Map<StoredEntry, NextStep>();
    for (let at = 0; at < items.length; at += 1) {
      const item = items[at] as StoredEntry;
      const step = steps[at] as NextStep;
      if (step.kind === 'settle') {
        delivered.push(item);
        continue;
      }
      reasons.set(item, step);
      (step.kind === 'dead-letter' ? dead : others).push(item);
    }
    if (delivered.length > 0) this.settleDelivered(delivered);
    if (others.length > 0) this.settleGroup(others, reasons);
    for (let at = 0; at < dead.length; at += BURIAL_SIZE)
      this.settleGroup(dead.slice(at, at + BURIAL_SIZE), reasons);
  }

  /** With all that arrives before the next commit: what shares a group is written down once. */
  private settleDelivered(items: readonly StoredEntry[]): void {
    if (this.delivered.length > 0 && this.delivered.length + items.length <= MAX_GATHERED) {
      this.delivered.push(...items);
      return;
    }
    this.delivered = [...items];
    this.insist(this.arrival(this.delivered));
  }

  private arrival(delivered: readonly StoredEntry[]): SettlementWrite {
    let ended: readonly StoredEntry[] = [];
    const close = () => {
      if (this.delivered === delivered) this.delivered = [];
    };
    return {
      get rows() {
        return Math.ceil(delivered.length / ENDS_PER_ROW);
      },
      run: () => {
        close();
        ended = this.end(delivered, 'delivered');
      },
      committed: () => {
        for (const { key } of ended) this.parts.listeners.tell(key, DELIVERED);
      },
      failed: close,
      // What cannot be written must not keep the others from it.
      parts: () =>
        [...groupedBy(delivered, ({ group }) => group).values()].map((some) => this.arrival(some)),
    };
  }

  private settleGroup(
    items: readonly StoredEntry[],
    reasons: ReadonlyMap<StoredEntry, NextStep>,
  ): void {
    const { clock, counters, entries } = this.parts;
    const nowMs = clock.now();
    const chosen = (kind: NextStep['kind']) =>
      items.filter((item) => reasons.get(item)?.kind === kind);
    const dead = chosen('dead-letter');
    const expired = chosen('expire');
    const dropped = chosen('drop');
    const retried = chosen('retry');
    const dueAtMs = (item: StoredEntry) => nowMs + delayOf(reasons.get(item));
    const isNear = (item: StoredEntry) => delayOf(reasons.get(item)) <= MAX_HELD_DELAY_MS;
    let ended: readonly StoredEntry[] = [];
    let kept: readonly StoredEntry[] = [];
    let hasRoom = true;
    this.insist({
      rows: dead.length + Math.ceil((items.length - dead.length) / ENDS_PER_ROW),
      run: () => {
        if (!hasRoom) entries.makeRoom(dead);
        ended = [
          ...this.end(expired, 'expired'),
          ...this.end(dropped, 'dropped'),
          ...this.bury(dead, reasons, nowMs),
        ];
        // Where the disk is full, what would wait there for long stays here.
        kept = entries.retry(hasRoom ? retried.filter(isNear) : retried, dueAtMs);
        const far = hasRoom ? retried.filter((item) => !isNear(item)) : [];
        const retries = kept.length + entries.postpone(far, dueAtMs).length;
        if (retries > 0) counters.change(this.destination).retries += retries;
      },
      committed: () => {
        for (const item of ended) this.tell(item, reasons.get(item));
        for (const item of kept) item.attempts += 1;
        const byDelay = groupedBy(kept, (item) => delayOf(reasons.get(item)));
        const sinceMs = clock.now() - nowMs;
        for (const [delayMs, later] of byDelay)
          this.dispatcher.pushLater(later, Math.max(delayMs - sinceMs, 0));
      },
      failed: () => {
        hasRoom = false;
      },
    });
  }

  /** The platform has it, and the disk must hear of it before it is asked again: however often that takes. */
  private insist(settlement: SettlementWrite): void {
    const { commits, troubled } = this.parts;
    commits.addPatient({
      get rows() {
        return settlement.rows;
      },
      run: settlement.run,
      committed: settlement.committed,
      failed: (error) => {
        troubled(error);
        settlement.failed();
        if (this.isStopped) return;
        systemClock.after(SETTLE_AGAIN_MS, () => {
          for (const part of settlement.parts?.() ?? [settlement]) this.insist(part);
        });
      },
    });
  }

  private end(
    items: readonly StoredEntry[],
    count: 'delivered' | 'expired' | 'dropped',
  ): readonly StoredEntry[] {
    const removed = this.remove(items);
    if (removed.length > 0) this.parts.counters.change(this.destination)[count] += removed.length;
    return removed;
  }

  private bury(
    items: readonly StoredEntry[],
    reasons: ReadonlyMap<StoredEntry, NextStep>,
    nowMs: number,
  ): readonly StoredEntry[] {
    const { entries, counters } = this.parts;
    const buried = items.filter((item) => {
      const { reason } = reasons.get(item) as NextStep & { kind: 'dead-letter' };
      return entries.bury(item, reason, nowMs);
    });
    counters.change(this.destination).deadLettered += buried.length;
    // What somebody erased meanwhile, or what is not ours any more.
    this.end(
      items.filter((item) => !buried.includes(item)),
      'dropped',
    );
    return this.remove(buried);
  }

  private remove(items: readonly StoredEntry[]): readonly StoredEntry[] {
    const removed = this.parts.entries.remove(items);
    let bytes = 0;
    for (const item of removed) bytes += item.bytes;
    if (bytes > 0) this.parts.counters.change(this.destination).pendingBytes -= bytes;
    return removed;
  }

  private tell({ key }: OutboxEntry, step: NextStep | undefined): void {
    const { listeners } = this.parts;
    if (step?.kind === 'expire') listeners.tell(key, { kind: 'expired', reason: step.reason });
    if (step?.kind === 'drop') listeners.tell(key, { kind: 'dropped', reason: step.reason });
    if (step?.kind === 'dead-letter')
      listeners.tell(key, { kind: 'dead-lettered', reason: step.reason });
  }
}

/** What a transaction is to know of the ends of entries. */
interface SettlementWrite {
  readonly rows: number;
  readonly run: () => void;
  readonly committed: () => void;
  readonly failed: () => void;
  /** What takes its place when it has failed. */
  readonly parts?: () => readonly SettlementWrite[];
}

const DELIVERED: Settlement = Object.freeze({ kind: 'delivered' });

const LEASE_LOST: NextStep = { kind: 'retry', delayMs: 1_000, reason: 'the lease had run out' };

function delayOf(step: NextStep | undefined): number {
  return step?.kind === 'retry' ? step.delayMs : 0;
}
