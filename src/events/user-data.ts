/**
 * What the host knows of the person. Give it raw: each platform wants another normal form, and the
 * hashing is done here, before anything is stored. A value that is already a SHA-256 (64 hex
 * characters) is recognised and passed on unhashed.
 */
export interface UserData {
  /** Your stable ID of the person; the same one that the browser pixel gets as external ID. */
  id?: string;
  email?: string;
  /** With country code (`+44 7911 123456`); national forms need `privacy.defaultCountry`. */
  phone?: string;
  firstName?: string;
  lastName?: string;
  /** Split into first and last name where those are missing. */
  fullName?: string;
  /** `1997-02-16`, `19970216`, `2/16/1997` (month first) or a `Date` (its UTC day). */
  dateOfBirth?: string | Date;
  /** Only `f…` and `m…` are sent, because the platforms know no other. */
  gender?: string;
  /** House number and street. Only Google takes it. */
  street?: string;
  city?: string;
  /** US: code or English name; elsewhere as people write it. */
  state?: string;
  postalCode?: string;
  /** ISO 3166-1 alpha-2 (`GB`) or the English name. */
  country?: string;
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
