import type { ConsentPurpose } from '../events/consent';
import type { ProblemCode, Problem } from '../events/problem';
import type { ProtectedEvent, ProtectedUserData, UserDataForm } from '../events/protected-event';
import type { RequestContext } from '../events/request-context';
import type { WireEvent } from '../events/wire-event';

/** What one event became in a platform's words. */
export type Encoding<Wire extends WireEvent = WireEvent> =
  /**
   * `notes` name what was changed to fit: a text that was cut, an ID that was derived. `eventName` is what the
   * platform calls the event, which a browser pixel has to call it too.
   */
  | {
      readonly kind: 'encoded';
      readonly wire: Wire;
      readonly eventName?: string;
      readonly notes?: readonly Problem[];
    }
  /** The platform has no such event; no failure. */
  | { readonly kind: 'unsupported'; readonly reason: string }
  /** The platform would refuse it; `reason` says what is missing and what to do. */
  | {
      readonly kind: 'invalid';
      readonly reason: string;
      readonly field?: string;
      readonly code?: ProblemCode;
    };

/** What became of one event in a batch. Exactly one per event, in the order of the batch. */
export type DeliveryOutcome =
  | { readonly kind: 'delivered' }
  /** The same bytes may pass later. */
  | { readonly kind: 'retryable'; readonly reason: string; readonly retryAfterMs?: number }
  /** This event will never pass. */
  | { readonly kind: 'rejected'; readonly reason: string; readonly platformCode?: string }
  /** One of the batch is bad and nobody says which: delivery halves the batch to find it. */
  | { readonly kind: 'batch-refused'; readonly reason: string; readonly platformCode?: string }
  /** Nothing passes until a person acts: the lane pauses, nothing is thrown away. */
  | { readonly kind: 'permanent'; readonly reason: string };

export interface DestinationLimits {
  /** The most events in one request. */
  readonly maxBatchEvents: number;
  /** The most bytes of one request's body. */
  readonly maxBatchBytes: number;
  /** Older events are refused by the platform. */
  readonly maxEventAgeMs: number;
}

/** By what a platform recognises a person, besides hashed user data. */
export interface MatchKeys {
  /** User data that is sent as it is: the host's own ID, the country. */
  readonly userData?: readonly (keyof ProtectedUserData)[] | undefined;
  readonly context?: readonly (keyof RequestContext)[] | undefined;
  readonly clickIds?: readonly string[] | undefined;
}

/** One platform account. Pure translation plus one request. */
export interface Destination<Wire extends WireEvent = WireEvent> {
  readonly name: string;
  readonly limits: DestinationLimits;
  /** An event goes there only if none of these is denied. */
  readonly requiredConsent: readonly ConsentPurpose[];
  /**
   * The only countries (ISO 3166-1) in which the platform can be told to leave personalisation out;
   * elsewhere its refusal withholds the event. Left out: it can everywhere.
   */
  readonly limitsPersonalizationIn?: readonly string[] | undefined;
  /** By which purposes it decides what it gets; default: all of them. A withdrawal of one stops what waits. */
  readonly usesConsent?: readonly ConsentPurpose[] | undefined;
  /** The forms of user data that `encode` reads; no other has to be hashed. */
  readonly userDataForms: readonly UserDataForm[];
  /** What else it recognises people by, for the match quality in `stats()` and the fields in the audit log. */
  readonly matchKeys?: MatchKeys | undefined;
  /** Pure: the same event gives the same bytes. May throw only on a fault of ours. */
  encode(event: ProtectedEvent): Encoding<Wire>;
  /**
   * Sends one request: at most `limits.maxBatchEvents` events with equal envelopes. Never rejects.
   *
   * @param signal ends the attempt; what it cut off is `retryable`. Its reason is a `TimeoutError` at the deadline, an `AbortError` at a shutdown.
   */
  deliver(batch: readonly Wire[], signal: AbortSignal): Promise<readonly DeliveryOutcome[]>;
}

/** One outcome for all events of a batch. */
export function sameOutcome(count: number, outcome: DeliveryOutcome): DeliveryOutcome[] {
  return new Array<DeliveryOutcome>(count).fill(outcome);
}
