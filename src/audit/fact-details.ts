import { CONSENT_PURPOSES, type ConsentPurpose } from '../events/consent';
import type { AuditConsent, AuditFact } from './audit-record';
import { cleanName, cleanSentence } from './clean-text';

const MAX_NAME_CHARS = 100;
/** As long as an event ID may be. */
const MAX_ID_CHARS = 256;
const MAX_REASON_CHARS = 200;
const MAX_FIELDS = 80;
const MAX_COUNTS = 20;
const MAX_SUBJECTS = 4;
const FIELD_NAME = /^[A-Za-z_$][\w.$[\]-]{0,63}$/;
const REGION = /^[A-Za-z]{2}(?:-[A-Za-z0-9]{1,3})?$/;
/** Too long for a phone number, and nothing that an address of any kind is made of. */
const SUBJECT = /^[\w-]{16,64}$/;

/** The hashes that may be one; what was given by mistake is left out. */
export function subjectsOf({ subjects }: AuditFact): readonly string[] {
  const distinct = new Set(subjects.filter((subject) => SUBJECT.test(subject)));
  return [...distinct].slice(0, MAX_SUBJECTS);
}

export function eventIdOf({ eventId }: AuditFact): string {
  return eventId === undefined ? '' : storedEventId(eventId);
}

/** As it stands in the log. */
export function storedEventId(eventId: string): string {
  return cleanName(eventId, MAX_ID_CHARS);
}

/** What a fact says besides who, what, when and of which event: bounded, and free of personal data. */
export function detailsOf(fact: AuditFact): string {
  const { destination, eventName, reason, consent, fields, attempts, counts } = fact;
  const { platformCode, traceId } = fact;
  // JSON leaves out what is undefined.
  return JSON.stringify({
    destination: name(destination),
    eventName: name(eventName),
    reason: sentence(reason),
    consent: consent && consentOf(consent),
    fields: fields?.filter((field) => FIELD_NAME.test(field)).slice(0, MAX_FIELDS),
    attempts: count(attempts),
    platformCode: sentence(platformCode),
    traceId: name(traceId),
    counts: counts && countsOf(counts),
  });
}

function consentOf(consent: AuditConsent): AuditConsent {
  const { granted, denied, unknown, region } = consent;
  return {
    granted: purposes(granted),
    denied: purposes(denied),
    unknown: purposes(unknown),
    saleOptOut: flag(consent.saleOptOut),
    gpc: flag(consent.gpc),
    region: region !== undefined && REGION.test(region) ? region : undefined,
    source: sentence(consent.source),
    version: sentence(consent.version),
    capturedAt: count(consent.capturedAt),
  };
}

function purposes(given: readonly ConsentPurpose[] | undefined) {
  return given === undefined
    ? undefined
    : CONSENT_PURPOSES.filter((purpose) => given.includes(purpose));
}

function countsOf(counts: Readonly<Record<string, number>>): Record<string, number> {
  const known = Object.entries(counts).filter(
    ([key, value]) => FIELD_NAME.test(key) && Number.isFinite(value),
  );
  return Object.fromEntries(known.slice(0, MAX_COUNTS));
}

function name(text: string | undefined): string | undefined {
  return text === undefined ? undefined : cleanName(text, MAX_NAME_CHARS);
}

function sentence(text: string | undefined): string | undefined {
  return text === undefined ? undefined : cleanSentence(text, MAX_REASON_CHARS);
}

function count(value: number | undefined): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

function flag(value: boolean | undefined): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}
