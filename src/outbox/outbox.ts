import type { Problem } from '../events/problem';
import type { WireEvent } from '../events/wire-event';
import type { Priority } from './priority';

/** One event for one destination. Holds hashed, encoded data only. */
export interface OutboxEntry {
  /** Idempotency key: an entry with a key that was seen within the window is a duplicate. */
  readonly key: string;
  readonly destination: string;
  readonly eventId: string;
  readonly eventName: string;
  /** Unix milliseconds. */
  readonly occurredAtMs: number;
  readonly acceptedAtMs: number;
  readonly priority: Priority;
  /** Whom it is about, so that it can be found and erased: at most 4 keyed hashes of at most 40 URL-safe characters. */
  readonly subjects?: readonly string[] | undefined;
  /** Up to when the decision to send it knew of consent given and taken back; Unix milliseconds. */
  readonly consentAtMs?: number | undefined;
  readonly wire: WireEvent;
}

/** An entry that was handed over, with how often it was tried before. */
export interface LeasedEntry extends OutboxEntry {
  readonly attempts: number;
}

export type AppendResult =
  | { readonly kind: 'stored' }
  | { readonly kind: 'duplicate' }
  /** Not stored, so not accepted: the storage is full or out of reach. */
  | { readonly kind: 'refused'; readonly problem: Problem };

/** What becomes of a leased entry. */
export type NextStep =
  | { readonly kind: 'settle' }
  | { readonly kind: 'retry'; readonly delayMs: number; readonly reason: string }
  | { readonly kind: 'dead-letter'; readonly reason: string }
  | { readonly kind: 'expire'; readonly reason: string }
  /** It ends without having been sent, because it is not to be sent any more. */
  | { readonly kind: 'drop'; readonly reason: string }
  /** The entry stays pending, untouched; nothing of this destination is handed over for a while. */
  | { readonly kind: 'pause-destination'; readonly delayMs: number; readonly reason: string };

/** How an entry ended, as far as this process knows: another one may have delivered it. */
export type Settlement =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'dead-lettered'; readonly reason: string }
  | { readonly kind: 'expired'; readonly reason: string }
  | { readonly kind: 'dropped'; readonly reason: string }
  /** The outbox closed before it ended. */
  | { readonly kind: 'pending'; readonly reason: string };

export interface LaneOptions {
  readonly destination: string;
  /** The most entries that are handed over at once. */
  readonly maxEntries: number;
  /** How many hand-overs may be under way at once. */
  readonly concurrency: number;
  /** How long an entry waits for company before a hand-over that is not full. */
  readonly lingerMs: number;
}

/**
 * Applies one step per entry, in order, before all of a hand-over are known. The entries are those that were handed over, no copies.
 * The first step of an entry counts.
 */
export type ApplySteps = (entries: readonly LeasedEntry[], steps: readonly NextStep[]) => void;

/**
 * Exactly one step per entry, in order. Must not reject; if it does, the entries are retried. Given `apply`, it calls that with the
 * steps of some as soon as it knows them, so that what a platform has answered does not wait for the others.
 */
export type EntryHandler = (
  entries: readonly LeasedEntry[],
  apply?: ApplySteps,
) => Promise<readonly NextStep[]>;

export interface Consumer {
  /** Hands over nothing more; resolves when what is under way has been applied. */
  stop(): Promise<void>;
}

/**
 * `accepted = pending + delivered + deadLettered + expired + dropped`. Durable members count for all
 * processes and since the storage was made; the memory for its own life.
 */
export interface LaneStats {
  readonly destination: string;
  readonly accepted: number;
  /** Waiting, under way, or waiting for another try. */
  readonly pending: number;
  /** What the pending entries take, as they are stored. */
  readonly pendingBytes: number;
  readonly delivered: number;
  readonly deadLettered: number;
  readonly expired: number;
  /** Accepted, and thrown away: to make room, as the overflow policy says, or because it was not to be sent any more. */
  readonly dropped: number;
  readonly duplicates: number;
  /** Not stored, because the storage was full or out of reach; these were never accepted. */
  readonly refused: number;
  readonly retries: number;
}

export interface DeadLetter {
  readonly entry: OutboxEntry;
  /**
   * `entry.wire` is empty, because what is stored cannot be opened with the encryption keys at hand. It is kept
   * as it is, and a redrive needs no key.
   */
  readonly isSealed?: boolean | undefined;
  /** What the platform, or we, said at last; without secrets and user data. */
  readonly reason: string;
  readonly attempts: number;
  /** Unix milliseconds. */
  readonly atMs: number;
}

/** An event that is kept for a destination, without what the platform will read of it. */
export interface KeptEvent {
  readonly destination: string;
  readonly eventName: string;
  readonly eventId: string;
  /** Unix milliseconds. */
  readonly acceptedAtMs: number;
  /** `pending`: it is on its way. `dead-letter`: it was given up, and may be put back. */
  readonly state: 'pending' | 'dead-letter';
}

/** Which dead letters; what is left out does not matter. */
export interface DeadLetterQuery {
  readonly destination?: string | undefined;
  readonly eventName?: string | undefined;
  readonly eventId?: string | undefined;
  readonly keys?: readonly string[] | undefined;
  /** A part of the reason, in any case. */
  readonly reason?: string | undefined;
  /** Became a dead letter before this moment, in Unix milliseconds. */
  readonly beforeMs?: number | undefined;
  readonly limit?: number | undefined;
}

/**
 * What must not be lost. Every member passes the suite `describeOutbox` of the testing kit.
 */
export interface Outbox {
  /**
   * It reads `body` and `envelope` of wire events where it needs them, and copies what it keeps: then they come as bytes outside of
   * the heap, which a spread or `structuredClone` does not find. Without it they come as plain objects.
   */
  readonly takesPackedWires?: boolean | undefined;
  /**
   * Stores entries; what is `stored` will be handed over until it is settled. Resolves when they are as
   * durable as the member promises, with one result per entry, in order.
   */
  append(entries: readonly OutboxEntry[]): Promise<readonly AppendResult[]>;
  /** Starts the lane of one destination. There is one consumer per destination and process. */
  consume(lane: LaneOptions, handler: EntryHandler): Consumer;
  /**
   * Calls back once when the entry ends; register before appending. The result takes the call back.
   */
  onSettled(key: string, listener: (settlement: Settlement) => void): () => void;
  /**
   * Hands over without lingering. Resolves when nothing is pending, or nothing that is could end before
   * the time is up: a paused lane is not waited for.
   *
   * @returns whether nothing is pending.
   */
  flush(timeoutMs: number): Promise<boolean>;
  stats(): Promise<readonly LaneStats[]>;
  /** The oldest first; at most 100, unless the query says how many. */
  deadLetters(query?: DeadLetterQuery): Promise<readonly DeadLetter[]>;
  /** Puts dead letters back. They are pending again, with no attempts made. @returns how many. */
  redrive(query?: DeadLetterQuery): Promise<number>;
  /** Throws dead letters away for good. @returns how many. */
  purgeDeadLetters(query?: DeadLetterQuery): Promise<number>;
  /** Every pending entry and every dead letter that is about any of these people, the oldest first. */
  findAbout(subjects: readonly string[]): Promise<readonly KeptEvent[]>;
  /**
   * Removes every pending entry and every dead letter that is about any of these people. The entries end as
   * `dropped`. What is on the wire at that moment ends as it does, and is not tried again.
   *
   * @returns how many. Rejects where something could not be reached; then it wants to be called again.
   */
  erase(
    subjects: readonly string[],
  ): Promise<{ readonly pending: number; readonly deadLetters: number }>;
  /** Stops everything; what is appended afterwards is refused, and listeners hear that it is over. */
  close(): Promise<void>;
}
