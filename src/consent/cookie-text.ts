/** Longest cookie that is read; browsers refuse longer ones. */
const MAX_COOKIE_LENGTH = 4_096;

/**
 * A cookie's text, URL-decoded once more if it still is encoded: whether it was decoded before depends on
 * who parsed the header. `undefined` for what is empty, too long or not to be decoded.
 */
export function cookieText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '' || value.length > MAX_COOKIE_LENGTH)
    return undefined;
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

/** Milliseconds of a date that could be one of a consent: this century. */
export function consentTime(ms: number): number | undefined {
  return Number.isFinite(ms) && ms >= FIRST_MS && ms < END_MS ? ms : undefined;
}

const FIRST_MS = Date.UTC(2000, 0, 1);
const END_MS = Date.UTC(2100, 0, 1);

/** A consent without the fields of which nothing is known. */
export function withoutUnknown<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
