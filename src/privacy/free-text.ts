import type { EventDetails } from '../events/event-details';
import type { JsonValue } from '../events/json-value';
import type { Problem } from '../events/problem';
import type { JsonObject } from '../events/properties';
import { looksPersonal } from './personal-data';

/** Fields that people type, or that a host fills from what people typed. */
const FREE_TEXT = [
  'searchTerm',
  'title',
  'method',
  'plan',
  'reason',
  'leadName',
  'leadSource',
  'listName',
] as const;

/** The details without free text that looks like an e-mail address or a phone number. */
export function cleanDetails(details: EventDetails, problems: Problem[]): EventDetails {
  const personal = FREE_TEXT.filter((field) => {
    const text = details[field];
    return text !== undefined && looksPersonal(text);
  });
  if (personal.length === 0) return details;
  const cleaned: Record<string, unknown> = { ...details };
  for (const field of personal) {
    Reflect.deleteProperty(cleaned, field);
    problems.push(foundIn(field));
  }
  return cleaned as unknown as EventDetails;
}

/** The properties without values that look like an e-mail address or a phone number, at any depth. */
export function cleanProperties(
  properties: JsonObject | undefined,
  problems: Problem[],
): JsonObject | undefined {
  if (properties === undefined) return undefined;
  return clean(properties, 'properties', problems) as JsonObject;
}

function clean(
  value: JsonValue | undefined,
  path: string,
  problems: Problem[],
): JsonValue | undefined {
  if (typeof value === 'string') {
    if (!looksPersonal(value)) return value;
    problems.push(foundIn(path));
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const list = value as readonly JsonValue[];
    return list
      .map((element, index) => clean(element, `${path}[${index}]`, problems))
      .filter((element) => element !== undefined);
  }
  const cleaned: JsonObject = {};
  for (const [key, field] of Object.entries(value)) {
    const kept = clean(field, `${path}.${key}`, problems);
    if (kept !== undefined) cleaned[key] = kept;
  }
  return cleaned;
}

function foundIn(field: string): Problem {
  return {
    field,
    code: 'invalid',
    message: 'looks like an e-mail address or a phone number; left out',
  };
}
