import type { ConsentPurpose } from '../events/consent';
import type { LeasedEntry } from '../outbox/outbox';

/** Asked again right before entries go out: what was allowed when they came in may not be any more. */
export interface SendGate {
  /** Whether it is certain, without asking, that all of them may go. */
  isOpen?(entries: readonly LeasedEntry[]): boolean;
  /**
   * @param used the purposes by which the destination decides what it gets.
   * @returns for each entry why it must not go, or `undefined`. Rejects when that cannot be known.
   */
  check(
    entries: readonly LeasedEntry[],
    used: readonly ConsentPurpose[],
  ): Promise<readonly (string | undefined)[]>;
}

/** An answer of the gate that is older is asked for again. */
export const GATE_ANSWER_MS = 1_000;
