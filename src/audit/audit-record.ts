import type { ConsentPurpose } from '../events/consent';

/** What can become of an event, or be done about a person. */
export const AUDIT_KINDS = [
  'accepted',
  'duplicate',
  'withheld',
  'skipped',
  'rejected',
  'delivered',
  'dead-lettered',
  'expired',
  'dropped',
  'withdrawn',
  'restored',
  'erased',
  'exported',
] as const;

export type AuditKind = (typeof AUDIT_KINDS)[number];

/** What the log says of itself: its beginning, what it saw of other chains, its end, what it had no room for. */
export const LOG_KINDS = ['log-opened', 'log-witnessed', 'log-closed', 'log-lost'] as const;

export type LogKind = (typeof LOG_KINDS)[number];

/** The consent on which something was done, in short. */
export interface AuditConsent {
  readonly granted?: readonly ConsentPurpose[];
  readonly denied?: readonly ConsentPurpose[];
  readonly unknown?: readonly ConsentPurpose[];
  readonly saleOptOut?: boolean;
  readonly gpc?: boolean;
  readonly region?: string;
  readonly source?: string;
  readonly version?: string;
  /** Unix milliseconds. */
  readonly capturedAt?: number;
}

/**
 * Who, what, when, to whom, on which consent, with which outcome: what the house tells the log. Nothing in
 * it may be a person's data; texts are cut to their length and cleaned once more before they are written.
 */
export interface AuditFact {
  readonly kind: AuditKind;
  /** Unix milliseconds; a time that is still to come counts as now. */
  readonly atMs: number;
  /** Keyed hashes of the people that it is about, at most four: 16 to 64 of `A-Z a-z 0-9 _ -`. */
  readonly subjects: readonly string[];
  readonly destination?: string;
  readonly eventName?: string;
  /** May hold an order number. */
  readonly eventId?: string;
  readonly reason?: string;
  readonly consent?: AuditConsent;
  /** Names of what was sent, never values. */
  readonly fields?: readonly string[];
  readonly attempts?: number;
  /** The platform's own code of an error. */
  readonly platformCode?: string;
  /** By which the platform finds the request again. */
  readonly traceId?: string;
  /** Of an erasure or an export: how many of what. */
  readonly counts?: Readonly<Record<string, number>>;
}

/** A line of the log as it is read again. `subjects` are those that were not forgotten. */
export interface AuditEntry extends Omit<AuditFact, 'kind'> {
  readonly kind: AuditKind | LogKind;
  /** Which chain of the log it stands in, and where. */
  readonly writer: string;
  readonly seq: number;
}
