import type { OverflowPolicy } from './outbox-settings';
import type { Priority } from './priority';

/**
 * Where to look for an entry that makes room for a new one, in this order: a priority, or `undefined` for
 * whatever is the oldest. Nowhere, if the new one is to be refused.
 */
export function evictionOrder(
  policy: OverflowPolicy,
  newcomer: Priority,
): readonly (Priority | undefined)[] {
  switch (policy) {
    case 'reject-new':
      return [];
    case 'drop-oldest':
      return [undefined];
    case 'drop-lowest-priority':
      return ([2, 1, 0] as const).filter((priority) => priority >= newcomer);
  }
}

/** The first result that is one. */
export function firstOf<Key, Value>(
  keys: readonly Key[],
  find: (key: Key) => Value | undefined,
): Value | undefined {
  for (const key of keys) {
    const found = find(key);
    if (found !== undefined) return found;
  }
  return undefined;
}
