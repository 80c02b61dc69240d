import type { Problem } from '../events/problem';
import type { ProtectedUserData, UserDataForm } from '../events/protected-event';
import type { UserData } from '../events/user-data';
import { normalizeDateOfBirth } from './date-of-birth';
import { googleEmail, normalizeEmail } from './email';
import { normalizeGender } from './gender';
import { googleName, normalizeName } from './person-name';
import { looksPersonal } from './personal-data';
import { normalizePhone, tikTokPhone } from './phone';
import {
  googleStreet,
  normalizeCity,
  normalizeCountry,
  normalizePostalCode,
  normalizeState,
} from './postal-address';
import { alreadyHashed, sha256 } from './sha256';

export interface ProtectUserDataOptions {
  /** The forms that some enabled destination asks for; no other is made. */
  readonly forms: ReadonlySet<UserDataForm>;
  /** ISO 3166-1 alpha-2 for phones in national form. */
  readonly defaultCountry?: string;
}

/**
 * Turns raw user data into hashes of the normal forms that the platforms want. Each form is hashed
 * once; equal forms share a hash. What is no e-mail, phone, date or country is left out and named.
 */
export function protectUserData(
  user: UserData,
  options: ProtectUserDataOptions,
  problems: Problem[],
  visitorId?: string,
): ProtectedUserData {
  const forms = new Forms(options.forms);
  const countryCode = readCountry(user.country, problems);
  putId(forms, user.id);
  forms.set('visitorId', visitorId);
  putEmail(forms, user.email, problems);
  putPhone(forms, user.phone, countryCode ?? options.defaultCountry, problems);
  forms.putName('firstName', 'firstNameGoogle', user.firstName);
  forms.putName('lastName', 'lastNameGoogle', user.lastName);
  putDateOfBirth(forms, user.dateOfBirth, problems);
  forms.putCommon('gender', user.gender, normalizeGender);
  forms.put('streetGoogle', user.street, googleStreet);
  forms.put('city', user.city, normalizeCity);
  forms.putCommon('state', user.state, (state) => normalizeState(state, countryCode));
  forms.put('postalCode', user.postalCode, (code) => normalizePostalCode(code, countryCode));
  forms.putCommon('country', countryCode, (code) => code);
  const protectedUser: ProtectedUserData & { userId?: string; countryCode?: string } = forms.hashes;
  if (user.id !== undefined && !looksPersonal(user.id)) protectedUser.userId = user.id;
  if (countryCode !== undefined) protectedUser.countryCode = countryCode;
  return protectedUser;
}

/** Collects hashes by form and hashes equal normal forms of one field once. */
class Forms {
  readonly hashes: Partial<Record<UserDataForm, string>> = {};

  constructor(private readonly wanted: ReadonlySet<UserDataForm>) {}

  wants(form: UserDataForm): boolean {
    return this.wanted.has(form);
  }

  set(form: UserDataForm, normal: string | undefined): void {
    if (normal !== undefined && normal !== '' && this.wanted.has(form))
      this.hashes[form] = sha256(normal);
  }

  /** Two forms of one field, which most often are the same. */
  setPair(form: UserDataForm, normal: string, other: UserDataForm, otherNormal: string): void {
    this.set(form, normal);
    const shared = normal === otherNormal ? this.hashes[form] : undefined;
    if (shared === undefined) this.set(other, otherNormal);
    else if (this.wanted.has(other)) this.hashes[other] = shared;
  }

  pass(hash: string, ...forms: readonly UserDataForm[]): void {
    for (const form of forms) if (this.wanted.has(form)) this.hashes[form] = hash;
  }

  put(
    form: UserDataForm,
    raw: string | undefined,
    normalize: (raw: string) => string | undefined,
  ): void {
    if (raw === undefined || !this.wanted.has(form)) return;
    const hash = alreadyHashed(raw);
    if (hash === undefined) this.set(form, normalize(raw));
    else this.hashes[form] = hash;
  }

  /** The same for a field of few values: its hash is remembered. */
  putCommon(
    form: UserDataForm,
    raw: string | undefined,
    normalize: (raw: string) => string | undefined,
  ): void {
    if (raw === undefined || !this.wanted.has(form)) return;
    const hash = alreadyHashed(raw) ?? commonHash(normalize(raw));
    if (hash !== undefined) this.hashes[form] = hash;
  }

  putName(form: 'firstName' | 'lastName', googleForm: UserDataForm, raw: string | undefined): void {
    if (raw === undefined) return;
    const hash = alreadyHashed(raw);
    if (hash === undefined) this.setPair(form, normalizeName(raw), googleForm, googleName(raw));
    else this.pass(hash, form, googleForm);
  }
}

const MAX_COMMON_HASHES = 1_000;
const commonHashes = new Map<string, string>();

/** Countries, states and genders are no personal data and come again and again. */
function commonHash(normal: string | undefined): string | undefined {
  if (normal === undefined || normal === '') return undefined;
  const known = commonHashes.get(normal);
  if (known !== undefined) return known;
  const hash = sha256(normal);
  if (commonHashes.size < MAX_COMMON_HASHES && normal.length <= 40) commonHashes.set(normal, hash);
  return hash;
}

function putId(forms: Forms, id: string | undefined): void {
  if (id === undefined) return;
  const hash = alreadyHashed(id);
  if (hash !== undefined) forms.pass(hash, 'externalId');
  else forms.set('externalId', id.trim());
}

function putEmail(forms: Forms, raw: string | undefined, problems: Problem[]): void {
  if (raw === undefined) return;
  const hash = alreadyHashed(raw);
  if (hash !== undefined) {
    forms.pass(hash, 'email', 'emailGoogle');
    return;
  }
  const email = normalizeEmail(raw);
  if (email === undefined) problems.push(invalid('email', 'expected an e-mail address'));
  else forms.setPair('email', email, 'emailGoogle', googleEmail(email));
}

function putPhone(
  forms: Forms,
  raw: string | undefined,
  country: string | undefined,
  problems: Problem[],
): void {
  if (raw === undefined) return;
  const hash = alreadyHashed(raw);
  if (hash !== undefined) {
    forms.pass(hash, 'phoneDigits', 'phoneE164', 'phoneTikTok');
    return;
  }
  if (!forms.wants('phoneDigits') && !forms.wants('phoneE164') && !forms.wants('phoneTikTok'))
    return;
  const e164 = normalizePhone(raw, country?.toUpperCase());
  if (e164 === undefined) {
    problems.push(
      invalid(
        'phone',
        'expected a phone number with its country code, or privacy.defaultCountry set',
      ),
    );
    return;
  }
  forms.set('phoneDigits', e164.slice(1));
  forms.setPair('phoneE164', e164, 'phoneTikTok', tikTokPhone(e164));
}

function putDateOfBirth(forms: Forms, raw: string | Date | undefined, problems: Problem[]): void {
  if (raw === undefined) return;
  const hash = typeof raw === 'string' ? alreadyHashed(raw) : undefined;
  if (hash !== undefined) {
    forms.pass(hash, 'dateOfBirth');
    return;
  }
  const date = normalizeDateOfBirth(raw);
  if (date === undefined)
    problems.push(invalid('dateOfBirth', 'expected a date such as 1997-02-16'));
  forms.set('dateOfBirth', date);
}

function readCountry(raw: string | undefined, problems: Problem[]): string | undefined {
  if (raw === undefined) return undefined;
  const code = normalizeCountry(raw);
  if (code === undefined)
    problems.push(invalid('country', 'expected an ISO 3166-1 alpha-2 code such as GB'));
  return code;
}

function invalid(field: string, message: string): Problem {
  return { field: `user.${field}`, code: 'invalid', message };
}
