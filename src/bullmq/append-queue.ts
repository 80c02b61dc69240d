import { wireBytes } from '../events/packed-wire';
import type { LaneCounts } from '../outbox/lane-counts';
import type { AppendResult, OutboxEntry } from '../outbox/outbox';
import { DUPLICATE, overflow, STORED, unavailable } from '../outbox/refusals';
import { reasonOf } from './alarm';
import type { Verdict } from './group-store';
import { pause, within } from './waiting';

/** The most that one write takes; the rest waits for the next. */
const MAX_WRITE_ENTRIES = 2_000;
const MAX_WRITE_BYTES = 4 * 1024 * 1024;
/** Nobody who tracks an event waits longer for a server that does not answer. */
const APPEND_TIMEOUT_MS = 2_000;
/** Between two looks at a key that another process is storing. */
const CLAIMED_RETRY_MS = 15;

/** How the queue reaches the server. */
export interface AppendTarget {
  /** How many appends may be under way at once. */
  readonly maxAppends: number;
  append(entries: readonly OutboxEntry[]): Promise<readonly Verdict[]>;
  /** Throws something away for the entry; says whether there is room now. */
  makeRoomFor(entry: OutboxEntry): Promise<boolean>;
  countLocally(name: keyof LaneCounts): void;
}

interface Slot {
  readonly entry: OutboxEntry;
  /** Since when another process has been storing the same key. */
  claimedSinceMs: number | undefined;
  answer: ((result: AppendResult) => void) | undefined;
}

/**
 * Gathers what is appended to one destination within a turn of the event loop, and while a write is under
 * way, into the next write. That begins when the one before has ended, or when it is full: the server takes writes in
 * their order, and the bound is counted there.
 */
export class AppendQueue {
  private slots: Slot[] = [];
  private isScheduled = false;
  private writing = 0;

  constructor(private readonly target: AppendTarget) {}

  add(entry: OutboxEntry, answer: (result: AppendResult) => void): void {
    this.slots.push({ entry, claimedSinceMs: undefined, answer });
    this.writeSoon();
  }

  private writeSoon(): void {
    if (this.isScheduled || !this.mayWrite) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      if (!this.mayWrite) return;
      void this.writeNext();
      this.writeSoon();
    });
  }

  private get mayWrite(): boolean {
    if (this.writing === 0) return this.slots.length > 0;
    return this.writing < this.target.maxAppends && this.slots.length >= MAX_WRITE_ENTRIES;
  }

  private async writeNext(): Promise<void> {
    this.writing += 1;
    const slots = this.cut();
    if (slots.length > 0) await this.write(slots);
    this.writing -= 1;
    this.writeSoon();
  }

  /** The next slots, each key once: who has the same key comes after, when it is known what became of it. */
  private cut(): Slot[] {
    const now: Slot[] = [];
    const later: Slot[] = [];
    const keys = new Set<string>();
    let bytes = 0;
    let index = 0;
    for (; index < this.slots.length; index += 1) {
      const slot = this.slots[index] as Slot;
      const size = wireBytes(slot.entry.wire);
      if (now.length > 0 && (now.length >= MAX_WRITE_ENTRIES || bytes + size > MAX_WRITE_BYTES))
        break;
      if (hasWaitedLong(slot)) {
        this.refuse(slot, 'another process did not finish storing the same event in time');
      } else if (keys.has(slot.entry.key)) {
        later.push(slot);
      } else {
        keys.add(slot.entry.key);
        bytes += size;
        now.push(slot);
      }
    }
    this.slots = later.concat(this.slots.slice(index));
    return now;
  }

  private async write(slots: readonly Slot[]): Promise<void> {
    const entries = slots.map(({ entry }) => entry);
    let verdicts: readonly Verdict[];
    try {
      verdicts = await within(APPEND_TIMEOUT_MS, this.target.append(entries));
    } catch (error) {
      for (const slot of slots) this.refuse(slot, reasonOf(error));
      // What waited meanwhile would only find the same server.
      for (const slot of this.slots.splice(0)) this.refuse(slot, reasonOf(error));
      return;
    }
    const full: { slot: Slot; pending: number }[] = [];
    const claimed: Slot[] = [];
    for (const [index, slot] of slots.entries()) {
      const verdict = verdicts[index] ?? { kind: 'failed', reason: 'the server gave no answer' };
      if (verdict.kind === 'stored') answer(slot, STORED);
      else if (verdict.kind === 'duplicate') answer(slot, DUPLICATE);
      else if (verdict.kind === 'claimed') claimed.push(slot);
      else if (verdict.kind === 'full') full.push({ slot, pending: verdict.pending });
      else this.refuse(slot, verdict.reason);
    }
    await this.makeRoom(full);
    if (claimed.length === 0) return;
    for (const slot of claimed) slot.claimedSinceMs ??= performance.now();
    if (this.slots.length === 0) await pause(CLAIMED_RETRY_MS);
    this.slots.push(...claimed);
  }

  private async makeRoom(full: readonly { slot: Slot; pending: number }[]): Promise<void> {
    const again: Slot[] = [];
    for (const { slot, pending } of full) {
      const hasRoom = await within(APPEND_TIMEOUT_MS, this.target.makeRoomFor(slot.entry)).catch(
        () => false,
      );
      if (hasRoom) again.push(slot);
      else {
        this.target.countLocally('refused');
        answer(slot, overflow(pending));
      }
    }
    this.slots = again.concat(this.slots);
  }

  private refuse(slot: Slot, reason: string): void {
    this.target.countLocally('refused');
    answer(slot, unavailable(reason));
  }
}

/** Whether another process has been storing the same key for too long. */
function hasWaitedLong({ claimedSinceMs }: Slot): boolean {
  return claimedSinceMs !== undefined && performance.now() - claimedSinceMs > APPEND_TIMEOUT_MS;
}

function answer(slot: Slot, result: AppendResult): void {
  slot.answer?.(result);
  slot.answer = undefined;
}
