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
): ProtectedUserData {
  const forms = new Forms(options.forms);
  const countryCode = readCountry(user.country, problems);
  putId(forms, user.id);
  putEmail(forms, user.email, problems);
  putPhone(forms, user.phone, countryCode ?? options.defaultCountry, problems);
  forms.put('firstName', user.firstName, normalizeName, 'firstNameGoogle', googleName);
  forms.put('lastName', user.lastName, normalizeName, 'lastNameGoogle', googleName);
  putDateOfBirth(forms, user.dateOfBirth, problems);
  forms.put('gender', user.gender, normalizeGender);
  forms.put('streetGoogle', user.street, googleStreet);
  forms.put('city', user.city, normalizeCity);
  forms.put('state', user.state, (state) => normalizeState(state, countryCode));
  forms.put('postalCode', user.postalCode, (code) => normalizePostalCode(code, countryCode));
  forms.put('country', countryCode, (code) => code);
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

  pass(hash: string, ...forms: readonly UserDataForm[]): void {
    for (const form of forms) if (this.wanted.has(form)) this.hashes[form] = hash;
  }

  put(
    form: UserDataForm,
    raw: string | undefined,
    normalize: (raw: string) => string | undefined,
    googleForm?: UserDataForm,
    normalizeForGoogle?: (raw: string) => string,
  ): void {
    if (raw === undefined) return;
    const hash = alreadyHashed(raw);
    if (hash !== undefined) {
      this.pass(hash, form);
      if (googleForm !== undefined) this.pass(hash, googleForm);
      return;
    }
    if (!this.wants(form) && (googleForm === undefined || !this.wants(googleForm))) return;
    const normal = normalize(raw);
    this.set(form, normal);
    if (googleForm === undefined || normalizeForGoogle === undefined || !this.wants(googleForm))
      return;
    const forGoogle = normalizeForGoogle(raw);
    const shared = forGoogle === normal ? this.hashes[form] : undefined;
    if (shared !== undefined) this.hashes[googleForm] = shared;
    else this.set(googleForm, forGoogle);
  }
}

function putId(forms: Forms, id: string | undefined): void {
  if (id === undefined) return;
  const hash = alreadyHashed(id);
  if (hash !== undefined) forms.pass(hash, 'externalId');
  else forms.set('externalId', id.trim());
}

function putEmail(forms: Forms, raw: string | undefined, problems: Problem[]): void {
  if (raw === undefined) return;
  if (alreadyHashed(raw) === undefined && normalizeEmail(raw) === undefined) {
    problems.push(invalid('email', 'expected an e-mail address'));
    return;
  }
  forms.put('email', raw, normalizeEmail, 'emailGoogle', (text) =>
    googleEmail(normalizeEmail(text) ?? ''),
  );
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
  forms.set('phoneE164', e164);
  const forTikTok = tikTokPhone(e164);
  const shared = forTikTok === e164 ? forms.hashes.phoneE164 : undefined;
  if (shared !== undefined && forms.wants('phoneTikTok')) forms.hashes.phoneTikTok = shared;
  else forms.set('phoneTikTok', forTikTok);
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
