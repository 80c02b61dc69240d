import { CONSENT_PURPOSES, type Consent, type ConsentState } from './consent';
import type { FieldReader } from './field-reader';
import { kindOf } from './problem';

/** The field `consent` of an event or a context. What cannot be read in it is taken as refused. */
export function readConsent(reader: FieldReader): Consent | undefined {
  const { value, isUnreadable } = read(reader, 'consent');
  if (value === undefined && !isUnreadable) return undefined;
  const consent: Consent = {};
  const source = isUnreadable ? undefined : reader.object('consent');
  if (source === undefined) {
    for (const purpose of CONSENT_PURPOSES) consent[purpose] = 'denied';
    return consent;
  }
  for (const purpose of CONSENT_PURPOSES) consent[purpose] = readConsentState(source, purpose);
  consent.saleOptOut = readFlag(source, 'saleOptOut');
  consent.gpc = readFlag(source, 'gpc');
  consent.region = readRegion(source);
  consent.source = source.text('source', 50);
  consent.version = source.text('version', 100);
  consent.capturedAt = source.number('capturedAt');
  return consent;
}

function readConsentState(reader: FieldReader, purpose: string): ConsentState | undefined {
  const { value, isUnreadable } = read(reader, purpose);
  if (isUnreadable) return 'denied';
  if (value === undefined || value === 'granted' || value === 'denied' || value === 'unknown')
    return value;
  reader.note(purpose, 'invalid', 'expected granted, denied or unknown; taken as denied');
  return 'denied';
}

function readFlag(reader: FieldReader, field: string): boolean | undefined {
  const { value, isUnreadable } = read(reader, field);
  if (isUnreadable) return true;
  if (value === undefined || typeof value === 'boolean') return value;
  reader.note(field, 'invalid', `expected true or false, got ${kindOf(value)}; taken as true`);
  return true;
}

/** One that cannot be read is one that nobody knows, and not the same as none. */
function readRegion(reader: FieldReader): string | undefined {
  const noted = reader.problems.length;
  const region = reader.text('region', 60)?.toUpperCase();
  return reader.problems.length > noted ? UNKNOWN_REGION : region;
}

const UNKNOWN_REGION = 'UNREADABLE';

/** A field whose reading throws is not one that is absent. */
function read(reader: FieldReader, field: string): { value: unknown; isUnreadable: boolean } {
  const noted = reader.problems.length;
  const value = reader.raw(field);
  return { value, isUnreadable: reader.problems.length > noted };
}
