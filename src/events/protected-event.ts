import type { Consent } from './consent';
import type { EventDetails } from './event-details';
import type { JsonObject } from './properties';
import type { RequestContext } from './request-context';
import type { EventName } from './tracking-event';

/**
 * The normal forms of user data that platforms ask for. Each is a SHA-256 in lower-case hex; several
 * forms of one field exist because the platforms disagree.
 */
export const USER_DATA_FORMS = [
  'externalId',
  /** Of our own visitor ID, beside the host's user ID: the browser before the person was known. */
  'visitorId',
  'email',
  /** Google: no spaces; no dots before the @ of a Gmail address. */
  'emailGoogle',
  /** Meta: digits with country code, no plus. */
  'phoneDigits',
  /** Google: plus and digits. */
  'phoneE164',
  /** TikTok: plus and digits, but a Chinese number without +86. */
  'phoneTikTok',
  /** Lower case, letters of any script, no spaces or punctuation. */
  'firstName',
  'lastName',
  /** Google: no digits or symbols, inner spaces stay. */
  'firstNameGoogle',
  'lastNameGoogle',
  /** `YYYYMMDD`. */
  'dateOfBirth',
  /** `f` or `m`. */
  'gender',
  /** Google: no symbols; digits and inner spaces stay. */
  'streetGoogle',
  'city',
  /** US: two letters. */
  'state',
  'postalCode',
  /** ISO 3166-1 alpha-2, lower case. */
  'country',
] as const;

export type UserDataForm = (typeof USER_DATA_FORMS)[number];

/** Hashes by normal form, and the two things that are no personal data by themselves. */
export interface ProtectedUserData extends Readonly<Partial<Record<UserDataForm, string>>> {
  /** The host's own ID, as it is, for GA4's `user_id`. Left out where it looks like an e-mail or a phone. */
  readonly userId?: string;
  /** ISO 3166-1 alpha-2, lower case, unhashed. */
  readonly countryCode?: string;
}

declare const protectedBrand: unique symbol;

/**
 * An event that may be stored and sent. There is no field for raw e-mail, phone, name or address, and
 * only `privacy/` makes one: the brand cannot be written elsewhere without a cast.
 */
export interface ProtectedEvent {
  readonly [protectedBrand]: true;
  readonly name: EventName;
  readonly eventId: string;
  /** Unix milliseconds. */
  readonly occurredAtMs: number;
  readonly details: EventDetails;
  readonly userData: ProtectedUserData;
  /** Public IP only; URLs without secrets. */
  readonly context: RequestContext;
  readonly consent: Consent;
  readonly properties?: JsonObject;
  /** Nobody looked at a page. */
  readonly isAutomatic?: boolean;
}
