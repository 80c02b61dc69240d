import type { OutboxEntry, Settlement } from './outbox';

/** Whose data is to be erased, and since when: what was accepted later is not meant. */
export interface Erasure {
  readonly subjects: readonly string[];
  /** Unix milliseconds. */
  readonly atMs: number;
}

export interface ErasedEntries {
  /** Those under way count, which may end as they do; nothing of them is left in the storage. */
  readonly pending: number;
  readonly deadLetters: number;
}

/** How an entry ends that is about a person who was erased. */
export const ERASED = { kind: 'dropped', reason: 'erased' } as const satisfies Settlement;

/** Whether an entry is about any of these people. */
export function aboutAny(
  subjects: readonly string[],
): (entry: Pick<OutboxEntry, 'subjects'>) => boolean {
  const wanted = new Set(subjects);
  return (entry) => entry.subjects?.some((subject) => wanted.has(subject)) === true;
}
