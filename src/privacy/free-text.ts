import type { EventDetails } from '../events/event-details';
import type { CompletedItem } from '../events/item';
import type { JsonValue } from '../events/json-value';
import type { Problem } from '../events/problem';
import type { JsonObject } from '../events/properties';
import { holdsEmail, looksPersonal, personalKind } from './personal-data';
import { sha256 } from './sha256';

/** Fields that people type, or that a host fills from what people typed. */
const FREE_TEXT = [
  'searchTerm',
  'title',
  'method',
  'plan',
  'reason',
  'coupon',
  'leadName',
  'leadSource',
  'listName',
  'shippingTier',
  'paymentType',
] as const;

const IDS = ['orderId', 'refundId', 'invoiceId', 'subscriptionId', 'leadId', 'listId'] as const;

/**
 * An ID as it may leave. One that holds an e-mail address is replaced by a hash, which tells events apart as
 * well, and named.
 */
export function cleanId(id: string, field: string, problems: Problem[]): string {
  return holdsEmail(id) ? hashInPlaceOf(id, field, problems) : id;
}

function hashInPlaceOf(text: string, field: string, problems: Problem[]): string {
  const message = 'holds personal data; a hash was used in its place';
  problems.push({ field, code: 'changed', message });
  return sha256(text).slice(0, 32);
}

/** The details without what looks like an e-mail address or, in free text, a phone number, a card number or a token. */
export function cleanDetails(details: EventDetails, problems: Problem[]): EventDetails {
  const changed: Record<string, unknown> & { eventName?: string; items?: CompletedItem[] } = {};
  for (const field of FREE_TEXT) {
    const text = details[field];
    const kind = text === undefined ? undefined : personalKind(text);
    if (kind === undefined) continue;
    changed[field] = undefined;
    problems.push(foundIn(field, kind));
  }
  for (const field of IDS) {
    const id = details[field];
    if (id !== undefined && holdsEmail(id)) changed[field] = cleanId(id, field, problems);
  }
  // A custom event is nothing without a name, so its name cannot be left out.
  if (details.eventName !== undefined && looksPersonal(details.eventName)) {
    changed.eventName = hashInPlaceOf(details.eventName, 'eventName', problems);
  }
  if (details.items.some(holdsPersonalData)) {
    changed.items = details.items.map((item, index) =>
      cleanItem(item, `items[${index}]`, problems),
    );
  }
  return Object.keys(changed).length === 0 ? details : { ...details, ...changed };
}

const ITEM_TEXT = ['name', 'category', 'brand', 'variant'] as const;

function holdsPersonalData(item: CompletedItem): boolean {
  return (
    holdsEmail(item.id) ||
    ITEM_TEXT.some((field) => item[field] !== undefined && holdsEmail(item[field]))
  );
}

function cleanItem(item: CompletedItem, path: string, problems: Problem[]): CompletedItem {
  const cleaned: Record<string, unknown> = {
    ...item,
    id: cleanId(item.id, `${path}.id`, problems),
  };
  for (const field of ITEM_TEXT) {
    const text = item[field];
    if (text === undefined || !holdsEmail(text)) continue;
    cleaned[field] = undefined;
    problems.push(foundIn(`${path}.${field}`, 'an e-mail address'));
  }
  return cleaned as unknown as CompletedItem;
}

/** The properties without values that look like an e-mail address, a phone or card number or a token, at any depth. */
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
  if (typeof value === 'string' || typeof value === 'number') {
    // Of numbers only a card's can be personal, and it is a long one.
    const isShort = typeof value === 'number' && value < 1e12;
    const kind = isShort ? undefined : personalKind(String(value));
    if (kind === undefined) return value;
    problems.push(foundIn(path, kind));
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

function foundIn(field: string, kind: string): Problem {
  return { field, code: 'invalid', message: `looks like ${kind}; left out` };
}
