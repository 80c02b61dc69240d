import { kindOf } from '../events/problem';
import type { DeadLetter, DeadLetterQuery, OutboxEntry } from './outbox';

export const DEFAULT_DEAD_LETTER_LIMIT = 100;

/** What of a dead letter can be asked for. */
interface Judged extends Pick<DeadLetter, 'reason' | 'atMs'> {
  readonly entry: Omit<OutboxEntry, 'wire'>;
}

/** Whether a dead letter is one of those that are asked for, whatever the limit. */
export function isAskedFor({ entry, reason, atMs }: Judged, query: DeadLetterQuery): boolean {
  return (
    (query.destination === undefined || entry.destination === query.destination) &&
    (query.eventName === undefined || entry.eventName === query.eventName) &&
    (query.eventId === undefined || entry.eventId === query.eventId) &&
    (query.keys === undefined || query.keys.includes(entry.key)) &&
    (query.reason === undefined || reason.toLowerCase().includes(query.reason.toLowerCase())) &&
    (query.beforeMs === undefined || atMs < query.beforeMs)
  );
}

/** What each condition has to be. */
const CONDITIONS: {
  readonly [Name in keyof Required<DeadLetterQuery>]: [
    expected: string,
    (value: unknown) => boolean,
  ];
} = {
  destination: ['text', isText],
  eventName: ['text', isText],
  eventId: ['text', isText],
  reason: ['text', isText],
  keys: ['an array of text', (value) => Array.isArray(value) && value.every(isText)],
  beforeMs: ['a time in Unix milliseconds', Number.isFinite],
  limit: ['a whole number from 0', (value) => Number.isSafeInteger(value) && Number(value) >= 0],
};

/**
 * A query whose conditions all count: one that is misspelt, or of another type, would be none, and a purge of
 * all is for good.
 *
 * @throws TypeError with everything that is wrong, and no value.
 */
export function checkedQuery(query: DeadLetterQuery = {}): DeadLetterQuery {
  const problems = isObject(query)
    ? conditionProblems(query)
    : [`expected an object, got ${kindOf(query)}`];
  if (problems.length > 0) throw new TypeError(`dead letters: ${problems.join('; ')}`);
  return query;
}

function conditionProblems(query: object): string[] {
  return Object.entries(query).flatMap(([name, value]: [string, unknown]) => {
    if (value === undefined) return [];
    if (!Object.hasOwn(CONDITIONS, name))
      return [`${name} is no condition; known are ${Object.keys(CONDITIONS).join(', ')}`];
    const [expected, isRight] = CONDITIONS[name as keyof DeadLetterQuery];
    return isRight(value) ? [] : [`${name}: expected ${expected}, got ${got(value)}`];
  });
}

/** `-1` is a number as well. */
function got(value: unknown): string {
  return typeof value === 'number' ? String(value) : kindOf(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
