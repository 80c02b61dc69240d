export type ConsentState = 'granted' | 'denied' | 'unknown';

/** The purposes of Google consent mode v2 that decide whether an event may go to a destination. */
export const CONSENT_PURPOSES = [
  'adStorage',
  'analyticsStorage',
  'adUserData',
  'adPersonalization',
] as const;

export type ConsentPurpose = (typeof CONSENT_PURPOSES)[number];

/**
 * What the person allowed, per purpose. A purpose that is left out is unknown.
 *
 * @see https://developers.google.com/tag-platform/security/guides/consent
 */
export interface Consent extends Partial<Record<ConsentPurpose, ConsentState | undefined>> {
  /** "Do not sell or share" (US state laws). */
  saleOptOut?: boolean | undefined;
  /** The browser sent `Sec-GPC: 1`. Counts as `saleOptOut`. */
  gpc?: boolean | undefined;
  /** Where the person is: ISO 3166-1 (`DE`) or 3166-2 (`US-CA`). */
  region?: string | undefined;
  /** Who decided, for the records: `host`, `onetrust`, `tcf+gpc`, … */
  source?: string | undefined;
  /** Version of the consent text that the person saw. */
  version?: string | undefined;
  /** When it was decided; Unix milliseconds. */
  capturedAt?: number | undefined;
}
