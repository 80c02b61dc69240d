/** What can tell a consent from a cookie. `tcf` and `gpp` need an optional package each. */
export const CONSENT_READERS = ['tcf', 'gpp', 'usp', 'onetrust', 'cookiebot'] as const;

export type ConsentReader = (typeof CONSENT_READERS)[number];

/** The readers that run where the host names none: all that need no package. */
export const DEFAULT_CONSENT_READERS: readonly ConsentReader[] = ['usp', 'onetrust', 'cookiebot'];
