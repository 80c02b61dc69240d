import { CONSENT_PURPOSES, type Consent, type ConsentState } from './consent';
import type { FieldReader } from './field-reader';
import { kindOf } from './problem';

/** The field `consent` of an event or a context. What cannot be read in it is taken as refused. */
export function readConsent(reader: FieldReader): Consent | undefined {
  if (reader.raw('consent') === undefined) return undefined;
  const consent: Consent = {};
  const source = reader.object('consent');
  if (source === undefined) {
    for (const purpose of CONSENT_PURPOSES) consent[purpose] = 'denied';
    return consent;
  }
  for (const purpose of CONSENT_PURPOSES) consent[purpose] = readConsentState(source, purpose);
  consent.saleOptOut = readFlag(source, 'saleOptOut');
  consent.gpc = readFlag(source, 'gpc');
  consent.region = source.text('region', 60)?.toUpperCase();
  consent.source = source.text('source', 50);
  consent.version = source.text('version', 100);
  consent.capturedAt = source.number('capturedAt');
  return consent;
}

function readConsentState(reader: FieldReader, purpose: string): ConsentState | undefined {
  const value = reader.raw(purpose);
  if (value === undefined || value === 'granted' || value === 'denied' || value === 'unknown')
    return value;
  reader.note(purpose, 'invalid', 'expected granted, denied or unknown; taken as denied');
  return 'denied';
}

function readFlag(reader: FieldReader, field: string): boolean | undefined {
  const value = reader.raw(field);
  if (value === undefined || typeof value === 'boolean') return value;
  reader.note(field, 'invalid', `expected true or false, got ${kindOf(value)}; taken as true`);
  return true;
}
