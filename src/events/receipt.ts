import type { Problem } from './problem';

/** What became of the event for one destination. */
export type DestinationReceipt =
  /** Stored; it will be delivered. `notes` name what was changed to fit the platform. */
  | { readonly kind: 'queued'; readonly notes?: readonly Problem[] }
  /** Stored before under the same event ID. */
  | { readonly kind: 'duplicate' }
  /** On purpose: no consent, no such event there, switched off, or not among `only`. */
  | { readonly kind: 'skipped'; readonly reason: string }
  /** The platform would refuse it, or it could not be stored. */
  | { readonly kind: 'rejected'; readonly problems: readonly Problem[] }
  /* From here on: only with `until: 'settled'`. */
  | { readonly kind: 'delivered' }
  /** Not settled when the waiting ended; it is still being tried. */
  | { readonly kind: 'pending'; readonly reason: string }
  /** Given up; kept with its reason. */
  | { readonly kind: 'dead-lettered'; readonly reason: string }
  /** Became older than the platform takes. */
  | { readonly kind: 'expired'; readonly reason: string }
  /** Made room for another, as the overflow policy says, or is not to be sent any more: consent was taken back, the person erased. */
  | { readonly kind: 'dropped'; readonly reason: string };

/** The answer to every `track…()` call. The promise of it never rejects. */
export interface TrackReceipt {
  readonly eventId: string;
  /**
   * - `accepted`: at least one destination will get it;
   * - `duplicate`: all that could get it already have it;
   * - `skipped`: nobody gets it, on purpose;
   * - `rejected`: nobody gets it, because something is wrong: see `problems`.
   */
  readonly status: 'accepted' | 'duplicate' | 'rejected' | 'skipped';
  readonly destinations: Readonly<Record<string, DestinationReceipt>>;
  /** Everything that was found wrong with the event itself; a bad field is dropped, the event lives. */
  readonly problems: readonly Problem[];
}

export interface TrackOptions {
  /**
   * `accepted` (default): resolves when the event is stored. `settled`: resolves when every
   * destination has settled, for serverless functions, scripts and tests.
   */
  until?: 'accepted' | 'settled' | undefined;
  /**
   * Given a promise that resolves when every destination has settled: what a serverless platform calls so.
   * The call itself resolves when the event is stored.
   */
  waitUntil?: ((work: Promise<unknown>) => void) | undefined;
  /** How long `settled` and `waitUntil` wait; what is not settled by then is `pending`. Default 30,000. */
  timeoutMs?: number | undefined;
}
