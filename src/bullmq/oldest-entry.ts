import type { Priority } from '../outbox/priority';
import type { StoredEntry } from './group';

/** A job that no process holds. */
export interface WaitingGroup {
  readonly id: string;
  readonly data: string;
  readonly entries: readonly StoredEntry[];
}

/** The oldest entry, or the oldest of one priority; among equals, of the first group. */
export function oldestEntry(
  groups: readonly WaitingGroup[],
  priority: Priority | undefined,
): { group: WaitingGroup; entry: StoredEntry } | undefined {
  let oldest: { group: WaitingGroup; entry: StoredEntry } | undefined;
  for (const group of groups) {
    // It could not be written back without its wire events.
    if (group.entries.some(({ fault }) => fault !== undefined)) continue;
    for (const entry of group.entries) {
      if (priority !== undefined && entry.priority !== priority) continue;
      if (oldest === undefined || entry.acceptedAtMs < oldest.entry.acceptedAtMs)
        oldest = { group, entry };
    }
  }
  return oldest;
}
