import type { CompletedEvent } from './completed-event';
import { normalizeCurrency } from './currency';
import type { EventDetails } from './event-details';
import { deriveEventId } from './event-id';
import { EVENT_RULES, TEXT_LIMITS, type EventRule, type TextField } from './event-rules';
import { FieldReader } from './field-reader';
import { splitFullName } from './full-name';
import type { CompletedItem } from './item';
import { readOccurredAt } from './occurred-at';
import { kindOf, type Problem } from './problem';
import { readProperties } from './properties';
import { readConsent } from './read-consent';
import { SUBSCRIPTION_PHASES, type EventName } from './tracking-event';
import { USER_FIELDS, type UserData } from './user-data';

/** The platforms take up to 100 or more; IDs of this length are shared with the browser. */
const MAX_ID_LENGTH = 200;
const MAX_USER_TEXT_LENGTH = 320;
const MAX_ITEMS = 1_000;

export type Completion =
  | { readonly kind: 'completed'; readonly event: CompletedEvent; readonly problems: Problem[] }
  /** The event cannot live: `problems` says why. */
  | { readonly kind: 'rejected'; readonly eventId: string; readonly problems: Problem[] };

/**
 * Checks what the host gave and completes it. A bad field is dropped and named; an event that lacks
 * what makes it (an order ID, a value) is rejected with every problem. Never throws, never keeps a
 * reference to the input.
 */
export function completeEvent(name: EventName, input: unknown, nowMs: number): Completion {
  const problems: Problem[] = [];
  const isObject = typeof input === 'object' && input !== null;
  if (!isObject) {
    problems.push({
      field: 'event',
      code: 'invalid',
      message: `expected an object, got ${kindOf(input)}`,
    });
  }
  const reader = new FieldReader(problems, isObject ? input : {});
  const rule = EVENT_RULES[name];
  const { details, isFatal } = readDetails(reader, rule);
  const eventId = reader.text('eventId', MAX_ID_LENGTH) ?? deriveEventId(name, details);
  if (isFatal) return { kind: 'rejected', eventId, problems };
  return {
    kind: 'completed',
    problems,
    event: {
      name,
      eventId,
      occurredAtMs: readOccurredAt(reader, nowMs),
      details,
      user: readUser(reader),
      consent: readConsent(reader) ?? {},
      properties: readProperties(reader),
      isAutomatic: reader.text('initiatedBy', 20) === 'system' ? true : undefined,
      tenantId: reader.text('tenantId', MAX_ID_LENGTH),
      only: readOnly(reader),
    },
  };
}

function readDetails(
  reader: FieldReader,
  rule: EventRule,
): { details: EventDetails; isFatal: boolean } {
  const details: Record<string, unknown> & { items: CompletedItem[] } = { items: [] };
  for (const field of rule.texts) {
    const text = reader.text(field, TEXT_LIMITS[field]);
    if (text !== undefined) details[field] = text;
  }
  for (const field of rule.amounts ?? []) {
    const amount = reader.number(field);
    if (amount !== undefined) details[field] = amount;
  }
  let isFatal =
    rule.required !== undefined && !hasRequired(reader, rule.required, details[rule.required]);
  if (rule.value !== undefined) {
    const money = readMoney(reader, rule.value === 'required');
    if (money !== undefined) Object.assign(details, money);
    else if (rule.value === 'required') isFatal = true;
  }
  if (rule.items === true) details.items = readItems(reader);
  return { details: details, isFatal };
}

function hasRequired(reader: FieldReader, field: TextField, value: unknown): boolean {
  if (value === undefined) {
    reader.note(field, 'missing', 'is needed');
    return false;
  }
  if (field === 'phase' && !(SUBSCRIPTION_PHASES as readonly unknown[]).includes(value)) {
    reader.note(field, 'invalid', `expected one of ${SUBSCRIPTION_PHASES.join(', ')}`);
    return false;
  }
  return true;
}

/** Value and currency go together: one without the other means nothing to a platform. */
function readMoney(
  reader: FieldReader,
  isRequired: boolean,
): { value: number; currency: string } | undefined {
  const noted = reader.problems.length;
  const value = reader.number('value');
  const isValueBad = reader.problems.length > noted;
  const code = reader.text('currency', 10);
  const currency = code === undefined ? undefined : normalizeCurrency(code);
  if (code !== undefined && currency === undefined) {
    reader.note('currency', 'invalid', 'expected an ISO 4217 code such as EUR');
  }
  if (value !== undefined && currency !== undefined) return { value, currency };
  if (value === undefined && isRequired && !isValueBad)
    reader.note('value', 'missing', 'is needed');
  if (code === undefined && (isRequired || value !== undefined)) {
    reader.note('currency', 'missing', 'is needed with a value');
  }
  return undefined;
}

function readItems(reader: FieldReader): CompletedItem[] {
  const value = reader.raw('items');
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    reader.note('items', 'invalid', `expected an array, got ${kindOf(value)}`);
    return [];
  }
  if (value.length > MAX_ITEMS) {
    reader.note(
      'items',
      'too_long',
      `expected at most ${MAX_ITEMS} items, got ${value.length}; the rest is dropped`,
    );
  }
  const items: CompletedItem[] = [];
  const list = new FieldReader(reader.problems, value);
  for (let index = 0; index < Math.min(value.length, MAX_ITEMS); index += 1) {
    const element = list.raw(String(index));
    if (typeof element !== 'object' || element === null) {
      reader.note(`items[${index}]`, 'invalid', `expected an object, got ${kindOf(element)}`);
      continue;
    }
    const item = readItem(new FieldReader(reader.problems, element, 'items', index));
    if (item !== undefined) items.push(item);
  }
  return items;
}

function readItem(reader: FieldReader): CompletedItem | undefined {
  const id = reader.text('id', MAX_ID_LENGTH);
  if (id === undefined) {
    reader.note('id', 'missing', 'is needed; the item is dropped');
    return undefined;
  }
  return {
    id,
    name: reader.text('name', 500),
    price: reader.number('price'),
    quantity: reader.number('quantity') ?? 1,
    category: reader.text('category', 500),
    brand: reader.text('brand', 200),
    variant: reader.text('variant', 200),
  };
}

/** The field `user`, as far as it can be read. */
export function readUser(reader: FieldReader): UserData {
  const user: UserData = {};
  const source = reader.object('user');
  if (source === undefined) return user;
  for (const field of USER_FIELDS) {
    if (field === 'dateOfBirth') {
      const value = source.raw(field);
      user.dateOfBirth = value instanceof Date ? new Date(value.getTime()) : source.text(field, 40);
    } else {
      user[field] = source.text(field, MAX_USER_TEXT_LENGTH);
    }
  }
  if (
    user.fullName !== undefined &&
    (user.firstName === undefined || user.lastName === undefined)
  ) {
    const parts = splitFullName(user.fullName);
    user.firstName ??= parts.firstName;
    user.lastName ??= parts.lastName;
  }
  return user;
}

function readOnly(reader: FieldReader): readonly string[] | undefined {
  const value = reader.raw('only');
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) {
    reader.note(
      'only',
      'invalid',
      `expected an array of destination names, got ${kindOf(value)}; nothing is sent`,
    );
    return [];
  }
  const list = new FieldReader(reader.problems, value, 'only');
  const names: string[] = [];
  for (let index = 0; index < Math.min(value.length, 50); index += 1) {
    const name = list.text(String(index), 50);
    if (name !== undefined && name !== '__proto__') names.push(name);
  }
  return names;
}
