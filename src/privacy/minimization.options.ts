import type { ProtectedUserData } from '../events/protected-event';
import type { UserData } from '../events/user-data';

/** User data in the host's words. A full name counts as first and last name. */
export type UserField = Exclude<keyof UserData, 'fullName'>;

/** What one destination may get. What is not set is sent as it is. */
export interface MinimizationOptions {
  /** The only user data that it gets: `['email', 'id']`; `[]` for none. */
  readonly fields?: readonly UserField[] | undefined;
  /** `anonymized`: IPv4 to its /24, IPv6 to its /48; `none` where the platform wants the true one or none. */
  readonly ip?: 'full' | 'anonymized' | 'none' | undefined;
  readonly userAgent?: boolean | undefined;
  /** Click IDs and the pixels' browser IDs (`_fbp`, `_ttp`). */
  readonly clickIds?: boolean | undefined;
  /** Page and referrer: whole, without query, the site alone, or nothing. */
  readonly url?: 'full' | 'path' | 'origin' | 'none' | undefined;
  /** The only properties that it gets, by the names at the top; `false` for none. */
  readonly properties?: readonly string[] | boolean | undefined;
}

/** The same, as events are held against it. What is not set changes nothing. */
export interface MinimizationRules {
  readonly userData?: ReadonlySet<keyof ProtectedUserData>;
  readonly ip?: 'anonymized' | 'none';
  readonly userAgent?: false;
  readonly clickIds?: false;
  readonly url?: 'path' | 'origin' | 'none';
  readonly properties?: ReadonlySet<string>;
}

/** What becomes of each field of the host's. */
export const FORMS_OF_FIELD: Readonly<Record<UserField, readonly (keyof ProtectedUserData)[]>> = {
  id: ['externalId', 'visitorId', 'userId'],
  email: ['email', 'emailGoogle'],
  phone: ['phoneDigits', 'phoneE164', 'phoneTikTok'],
  firstName: ['firstName', 'firstNameGoogle'],
  lastName: ['lastName', 'lastNameGoogle'],
  dateOfBirth: ['dateOfBirth'],
  gender: ['gender'],
  street: ['streetGoogle'],
  city: ['city'],
  state: ['state'],
  postalCode: ['postalCode'],
  country: ['country', 'countryCode'],
};

export const MINIMIZED_FIELDS = Object.keys(FORMS_OF_FIELD) as readonly UserField[];

/**
 * @param takesAnonymizedIp whether the platform has any use for an address that is cut; if not, it gets none.
 * @returns `undefined` where nothing is left out.
 */
export function minimizationRules(
  options: MinimizationOptions,
  takesAnonymizedIp: boolean,
): MinimizationRules | undefined {
  const { fields, ip, userAgent, clickIds, url, properties } = options;
  const rules: MinimizationRules = {
    ...(fields !== undefined && {
      userData: new Set(fields.flatMap((field) => FORMS_OF_FIELD[field])),
    }),
    ...(ip !== undefined &&
      ip !== 'full' && { ip: ip === 'anonymized' && !takesAnonymizedIp ? 'none' : ip }),
    ...(userAgent === false && { userAgent }),
    ...(clickIds === false && { clickIds }),
    ...(url !== undefined && url !== 'full' && { url }),
    ...(properties !== undefined &&
      properties !== true && { properties: new Set(properties === false ? [] : properties) }),
  };
  return Object.keys(rules).length === 0 ? undefined : rules;
}
