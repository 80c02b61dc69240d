import { type FieldReader } from '../events/field-reader';
import { readConsent } from '../events/read-consent';
import type { RequestContext } from '../events/request-context';

const TEXT_FIELDS = {
  ip: 60,
  userAgent: 1_024,
  url: 4_096,
  referrer: 4_096,
  language: 40,
  gaClientId: 100,
  visitorId: 100,
  sessionId: 40,
} as const;
const TEXT_FIELD_LIMITS = Object.entries(TEXT_FIELDS) as readonly [
  keyof typeof TEXT_FIELDS,
  number,
][];
const MAX_ENTRIES = 30;
const MAX_CLICK_ID_LENGTH = 4_096;

/** Checks a context that the host kept or made itself; what is wrong in it is dropped and named. */
export function acceptContext(reader: FieldReader): RequestContext {
  const context: RequestContext = {};
  for (const [field, maxLength] of TEXT_FIELD_LIMITS) {
    const text = reader.text(field, maxLength);
    if (text !== undefined) context[field] = text;
  }
  const clickIds = textEntries(reader, 'clickIds');
  if (clickIds !== undefined) context.clickIds = clickIds;
  const gaSessions = textEntries(reader, 'gaSessions');
  if (gaSessions !== undefined) context.gaSessions = gaSessions;
  if (reader.raw('gpc') === true) context.gpc = true;
  const consent = readConsent(reader);
  if (consent !== undefined) context.consent = consent;
  return context;
}

function textEntries(reader: FieldReader, field: string): Record<string, string> | undefined {
  const source = reader.object(field);
  if (source === undefined) return undefined;
  const entries: Record<string, string> = {};
  for (const name of source.keys().slice(0, MAX_ENTRIES)) {
    const text = source.text(name, MAX_CLICK_ID_LENGTH);
    if (text !== undefined && name !== '__proto__') entries[name] = text;
  }
  return entries;
}
