import type { Priority } from '../outbox/priority';
import type { DeadLetterTable } from './dead-letter-table';
import type { EntryTable } from './entry-table';
import type { GroupTable } from './group-table';
import { NOBODY, type StoredEntry } from './stored-entry';

export interface Claim {
  readonly entries: readonly StoredEntry[];
  /** There may be more. */
  readonly isFull: boolean;
  /** Some stay where they are, because no key of ours opens them: why. */
  readonly sealedWhy: string | undefined;
}

const PRIORITIES = [0, 1, 2] as const;
/** Groups without anything to hand over that one claim looks at: more would hold the event loop up. */
const MAX_IDLE_GROUPS = 30;

/**
 * All pending entries: in groups, as they were accepted, and in rows of their own, which are dead letters that
 * were put back and what waits long for another try.
 */
export class PendingEntries {
  constructor(
    private readonly rows: EntryTable,
    private readonly groups: GroupTable,
    private readonly deadLetters: DeadLetterTable,
  ) {}

  /** Of those that nobody holds and that are due: the most urgent first, then the longest due. */
  claim(destination: string, owner: number, nowMs: number, limit: number): Claim {
    const entries: StoredEntry[] = [];
    let sealedWhy: string | undefined;
    let idleGroups = 0;
    for (const priority of PRIORITIES) {
      while (entries.length < limit && idleGroups < MAX_IDLE_GROUPS) {
        const group = this.groups.first(destination, priority);
        const next = group !== undefined && group.dueAtMs <= nowMs ? group : undefined;
        const untilMs = next?.dueAtMs ?? nowMs;
        const left = limit - entries.length;
        entries.push(...this.rows.claim(destination, priority, owner, untilMs, left));
        if (next === undefined || entries.length >= limit) break;
        const taken = this.groups.claim(next.id, owner, nowMs);
        entries.push(...taken.entries);
        sealedWhy ??= taken.sealedWhy;
        if (taken.entries.length === 0) idleGroups += 1;
      }
    }
    const isFull = entries.length >= limit || idleGroups >= MAX_IDLE_GROUPS;
    return { entries, isFull, sealedWhy };
  }

  /** @returns those that were still ours. */
  remove(entries: readonly StoredEntry[]): readonly StoredEntry[] {
    const [grouped, single] = apart(entries);
    if (single.length === 0) return this.groups.end(grouped);
    return [...this.groups.end(grouped), ...this.rows.remove(single)];
  }

  /** Another try of what stays in our hands. @returns those that are still ours. */
  retry(
    entries: readonly StoredEntry[],
    dueAtMs: (entry: StoredEntry) => number,
  ): readonly StoredEntry[] {
    const [grouped, single] = apart(entries);
    const left = this.groups.retry(grouped);
    for (const entry of single)
      if (this.rows.retry(entry, dueAtMs(entry), entry.owner)) left.push(entry);
    return left;
  }

  /** Another try of what waits for it on the disk. @returns those that were still ours. */
  postpone(
    entries: readonly StoredEntry[],
    dueAtMs: (entry: StoredEntry) => number,
  ): readonly StoredEntry[] {
    const [grouped, single] = apart(entries);
    const left = this.groups.end(grouped.filter((entry) => this.groups.isWhole(entry)));
    for (const entry of left) this.rows.insert(entry, dueAtMs(entry));
    for (const entry of single)
      if (this.rows.retry(entry, dueAtMs(entry), NOBODY)) left.push(entry);
    return left;
  }

  /** Copies an entry to the dead letters; it is still to be removed. @returns whether it was still ours. */
  bury(entry: StoredEntry, reason: string, atMs: number): boolean {
    const attempts = entry.attempts + 1;
    if (entry.group === undefined) return this.deadLetters.bury(entry, reason, attempts, atMs);
    if (!this.groups.isWhole(entry)) return false;
    this.deadLetters.insert(entry, reason, attempts, atMs);
    return true;
  }

  /** Gives room free on the disk that these take. */
  makeRoom(entries: readonly StoredEntry[]): void {
    this.groups.makeRoom(entries);
  }

  /** Removes the oldest of those that nobody holds: of one priority, or of all. */
  evict(destination: string, priority: Priority | undefined): StoredEntry | undefined {
    // What came with the same commit may be the oldest.
    this.groups.write();
    for (;;) {
      const row = this.rows.oldestWaiting(destination, priority);
      const group = this.firstGroup(destination, priority);
      if (group === undefined || (row !== undefined && row.dueAtMs <= group.dueAtMs))
        return row === undefined ? undefined : this.rows.remove([row])[0];
      const evicted = this.groups.evictFrom(group.id);
      if (evicted !== undefined) return evicted;
    }
  }

  /** When the first of those that nobody holds is due. */
  nextDueAtMs(destination: string): number | undefined {
    const row = this.rows.nextDueAtMs(destination);
    const group = this.firstGroup(destination, undefined)?.dueAtMs;
    return row === undefined || group === undefined ? (row ?? group) : Math.min(row, group);
  }

  private firstGroup(destination: string, priority: Priority | undefined) {
    const found = (priority === undefined ? PRIORITIES : [priority]).map((one) =>
      this.groups.first(destination, one),
    );
    return found.filter((one) => one !== undefined).sort((a, b) => a.dueAtMs - b.dueAtMs)[0];
  }
}

function apart(entries: readonly StoredEntry[]): [grouped: StoredEntry[], single: StoredEntry[]] {
  const grouped: StoredEntry[] = [];
  const single: StoredEntry[] = [];
  for (const entry of entries) (entry.group === undefined ? single : grouped).push(entry);
  return [grouped, single];
}
