/** Stable names of what can be wrong with a field; safe to switch on. */
export type ProblemCode =
  | 'missing' // a field that the event cannot do without
  | 'invalid' // present, but not what was expected
  | 'too_long' // over a stated size
  | 'unreadable' // reading it threw
  | 'too_old' // past the age that the platform takes
  | 'too_weak' // the platform needs a stronger identifier
  | 'unsupported' // the platform has no place for it
  | 'changed' // sent, but not as it was given
  | 'conflict' // two settings that do not go together
  | 'storage_unavailable' // the event could not be stored
  | 'overflow' // the storage is full
  | 'internal'; // a fault of ours

/** One thing that is wrong, with its place. The message never holds a person's data or a secret. */
export interface Problem {
  /** Path of the field as the host wrote it: `user.phone`, `items[2].price`, `meta.pixelId`. */
  readonly field: string;
  readonly code: ProblemCode;
  /** What was expected, what was found (its kind, never its value), and what to do. */
  readonly message: string;
}

/** Names the kind of a value without showing it: `a string`, `an array`, `NaN`. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number') return Number.isFinite(value) ? 'a number' : String(value);
  if (typeof value === 'object') return value instanceof Date ? 'a date' : 'an object';
  return value === undefined ? 'nothing' : `a ${typeof value}`;
}

/** The class of an error for a message of ours: its own text may hold anything. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
