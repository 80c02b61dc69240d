import type { FieldReader } from './field-reader';

/** A clock that runs a little fast is no error; the platforms refuse times in the future. */
const CLOCK_SKEW_MS = 60_000;
/** Below this a number can only be seconds: it would be a day before March 1973. */
const FIRST_PLAUSIBLE_MS = 100_000_000_000;

/** When the event happened, in Unix milliseconds: never in the future, never a unit mistaken. */
export function readOccurredAt(input: FieldReader, nowMs: number): number {
  const value = input.raw('occurredAt');
  if (value === undefined) return nowMs;
  const time = toMillis(value);
  if (!Number.isFinite(time)) {
    input.note(
      'occurredAt',
      'invalid',
      'expected a date, ISO 8601 text or Unix milliseconds; using now',
    );
    return nowMs;
  }
  if (time < FIRST_PLAUSIBLE_MS) {
    input.note(
      'occurredAt',
      'invalid',
      'expected Unix milliseconds, got what looks like seconds; using now',
    );
    return nowMs;
  }
  if (time > nowMs) {
    if (time > nowMs + CLOCK_SKEW_MS) {
      input.note(
        'occurredAt',
        'invalid',
        'expected a time that has passed, got one in the future; using now',
      );
    }
    return nowMs;
  }
  return Math.floor(time);
}

function toMillis(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && value.length <= 40) return Date.parse(value);
  return value instanceof Date ? value.getTime() : NaN;
}
