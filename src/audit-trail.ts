import type { LoggerService } from '@nestjs/common';

import type { AuditLog } from './audit/audit-log';
import type { AuditConsent, AuditEntry, AuditFact, AuditKind } from './audit/audit-record';
import type { Clock } from './clock';
import type { Destination } from './destinations/destination';
import { CONSENT_PURPOSES, type Consent } from './events/consent';
import { errorName } from './events/problem';
import type { ProtectedEvent } from './events/protected-event';
import type { DestinationReceipt } from './events/receipt';
import type { LeasedEntry, NextStep, OutboxEntry } from './outbox/outbox';
import { PERSON_ERASED } from './privacy/consent-register';

export type AuditHealth =
  { readonly state: 'ready' } | { readonly state: 'degraded'; readonly reason: string };

/** An event that was decided on, for one destination. */
export interface DecidedEvent {
  readonly destination: string;
  readonly eventId: string;
  readonly eventName: string;
  readonly subjects: readonly string[];
  readonly consent: Consent;
  readonly receipt: DestinationReceipt;
  /** Names of the fields that go out. */
  readonly fields: readonly string[] | undefined;
}

/** Tells the audit log what happens on the line. Nothing here waits or throws, but what is about a person. */
export class AuditTrail {
  constructor(
    private readonly log: AuditLog,
    private readonly clock: Clock,
    private readonly logger: LoggerService,
  ) {}

  /** Where the log is; holds no password. */
  get description(): string {
    return this.log.description;
  }

  /** Whether lines are written. What could not be is kept and tried again, and events go on. */
  health(): AuditHealth {
    const { failing } = this.log;
    return failing === undefined ? { state: 'ready' } : { state: 'degraded', reason: failing };
  }

  decided(event: DecidedEvent): void {
    const { destination, eventId, eventName, subjects, receipt, fields } = event;
    const kind = kindOf(receipt);
    const reason = reasonOf(receipt);
    this.log.record({
      kind,
      atMs: this.clock.now(),
      subjects: reason === PERSON_ERASED ? [] : subjects,
      destination,
      eventId,
      eventName,
      consent: auditConsent(event.consent),
      ...(reason !== undefined && { reason }),
      ...(fields !== undefined && kind === 'accepted' && { fields }),
    });
  }

  /** What became of an entry after it was accepted. */
  ended(entry: LeasedEntry, step: NextStep): void {
    const kind = ENDS[step.kind];
    if (kind === undefined) return;
    const { destination, eventId, eventName, subjects = [], attempts } = entry;
    const isErased = 'reason' in step && step.reason === PERSON_ERASED;
    // That it was accepted after the erasure stands in the log with their names.
    if (isErased) this.forgetLater(subjects);
    this.log.record({
      kind,
      atMs: this.clock.now(),
      subjects: isErased ? [] : subjects,
      destination,
      eventId,
      eventName,
      attempts: attempts + (kind === 'dropped' || kind === 'expired' ? 0 : 1),
      ...('reason' in step && { reason: step.reason }),
    });
  }

  /** It was accepted, and made room for another. */
  evicted({ destination, eventId, eventName, subjects = [] }: OutboxEntry, reason: string): void {
    const atMs = this.clock.now();
    this.log.record({ kind: 'dropped', atMs, subjects, destination, eventId, eventName, reason });
  }

  /** Durable when it resolves, or told in the log that it is not yet. */
  async aboutPerson(
    kind: AuditKind,
    subjects: readonly string[],
    what: Pick<AuditFact, 'consent' | 'counts'> = {},
  ): Promise<void> {
    const fact = { ...what, kind, atMs: this.clock.now() };
    // A line names four at the most.
    const groups = subjects.length === 0 ? [[]] : inFours(subjects);
    for (const group of groups) this.log.record({ ...fact, subjects: group });
    await this.flush();
  }

  async of(subjects: readonly string[]): Promise<readonly AuditEntry[]> {
    await this.flush();
    return this.log.query({ subjects, limit: Infinity });
  }

  /** @returns from how many lines the people were cut. */
  async forget(subjects: readonly string[]): Promise<number> {
    await this.flush();
    return this.log.forget(subjects);
  }

  close(): Promise<void> {
    return this.log.close();
  }

  private forgetLater(subjects: readonly string[]): void {
    this.forget(subjects).catch((error: unknown) => {
      this.logger.warn(`tracking: the audit log could not forget now: ${errorName(error)}`);
    });
  }

  private async flush(): Promise<void> {
    try {
      await this.log.flush();
    } catch (error) {
      this.logger.warn(`tracking: the audit log cannot be written now: ${errorName(error)}`);
    }
  }
}

/** What of the context serves to recognise a person or a visit; the rest is about the page. */
const RECOGNISING = ['ip', 'userAgent', 'gaClientId', 'gaSessions', 'sessionId', 'visitorId'];
/** User data that is no address of a person: a refusal of `adUserData` does not keep it from analytics. */
const OWN_IDS = ['externalId', 'visitorId', 'userId'];

/**
 * Names of what the destination reads of an event, never values. Of one of the host's own that does not tell
 * what it recognises people by: of all that it could read.
 */
export function fieldsOf(
  { userDataForms, matchKeys }: Pick<Destination, 'userDataForms' | 'matchKeys'>,
  { userData, context, consent, properties }: ProtectedEvent,
): readonly string[] {
  const mayIdentify = consent.adUserData !== 'denied';
  const { clickIds, ...rest } = { ...context, consent: undefined };
  const all = (list: readonly string[] | undefined) => (name: string) =>
    matchKeys === undefined || list?.includes(name) === true;
  const isForm = all([...userDataForms, ...(matchKeys?.userData ?? [])]);
  const isRecognising = all(matchKeys?.context);
  return [
    ...named('user', userData, (form) => isForm(form) && (mayIdentify || OWN_IDS.includes(form))),
    ...named('context', rest, (name) => !RECOGNISING.includes(name) || isRecognising(name)),
    ...(mayIdentify ? named('clickIds', clickIds, all(matchKeys?.clickIds)) : []),
    ...named('properties', properties, () => true),
  ];
}

function named(
  group: string,
  source: object | undefined,
  isRead: (name: string) => boolean,
): readonly string[] {
  return Object.entries(source ?? {}).flatMap(([name, value]) =>
    value === undefined || !isRead(name) ? [] : [`${group}.${name}`],
  );
}

const ENDS: Readonly<Partial<Record<NextStep['kind'], AuditKind>>> = {
  settle: 'delivered',
  'dead-letter': 'dead-lettered',
  expire: 'expired',
  drop: 'dropped',
};

function kindOf(receipt: DestinationReceipt): AuditKind {
  switch (receipt.kind) {
    case 'duplicate':
    case 'rejected':
      return receipt.kind;
    case 'skipped':
      return receipt.reason.startsWith('consent') || receipt.reason === PERSON_ERASED
        ? 'withheld'
        : 'skipped';
    default:
      // Whatever has become of it since, it was accepted; its end is told by the lane.
      return 'accepted';
  }
}

function reasonOf(receipt: DestinationReceipt): string | undefined {
  if (receipt.kind === 'skipped') return receipt.reason;
  if (receipt.kind === 'rejected')
    return receipt.problems.map(({ field, code }) => `${field} ${code}`).join(', ');
  return undefined;
}

function auditConsent(consent: Consent): AuditConsent {
  const having = (state: string) =>
    CONSENT_PURPOSES.filter((purpose) => (consent[purpose] ?? 'unknown') === state);
  const { saleOptOut, gpc, region, source, version, capturedAt } = consent;
  const all = {
    granted: having('granted'),
    denied: having('denied'),
    unknown: having('unknown'),
    saleOptOut,
    gpc,
    region,
    source,
    version,
    capturedAt,
  };
  return Object.fromEntries(
    Object.entries(all).filter(
      ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
    ),
  );
}

function inFours(subjects: readonly string[]): string[][] {
  const groups: string[][] = [];
  for (let at = 0; at < subjects.length; at += 4) groups.push(subjects.slice(at, at + 4));
  return groups;
}
