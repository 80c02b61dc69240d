/**
 * What the host knows of the person. Give it raw: each platform wants another normal form, and the
 * hashing is done here, before anything is stored. A value that is already a SHA-256 (64 hex
 * characters) is recognised and passed on unhashed.
 */
export interface UserData {
  /** Your stable ID of the person; the same one that the browser pixel gets as external ID. */
  id?: string | undefined;
  email?: string | undefined;
  /** With country code (`+44 7911 123456`); national forms need `privacy.defaultCountry`. */
  phone?: string | undefined;
  firstName?: string | undefined;
  lastName?: string | undefined;
  /** Split into first and last name where those are missing. */
  fullName?: string | undefined;
  /** `1997-02-16`, `19970216`, `2/16/1997` (month first) or a `Date` (its UTC day). */
  dateOfBirth?: string | Date | undefined;
  /** Only `f…` and `m…` are sent, because the platforms know no other. */
  gender?: string | undefined;
  /** House number and street. Only Google takes it. */
  street?: string | undefined;
  city?: string | undefined;
  /** US: code or English name; elsewhere as people write it. */
  state?: string | undefined;
  postalCode?: string | undefined;
  /** ISO 3166-1 alpha-2 (`GB`) or the English name. */
  country?: string | undefined;
}

export const USER_FIELDS = [
  'id',
  'email',
  'phone',
  'firstName',
  'lastName',
  'fullName',
  'dateOfBirth',
  'gender',
  'street',
  'city',
  'state',
  'postalCode',
  'country',
] as const satisfies readonly (keyof UserData)[];
