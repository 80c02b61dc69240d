import type { CountryCode } from 'libphonenumber-js/min';

import { isPlainE164 } from './calling-codes';
import { phoneLibrary } from './phone-library';

/**
 * A phone number in E.164 (`+16505551212`), or `undefined` for what is none. `00` counts as `+`; a
 * national form needs a default country (ISO 3166-1 alpha-2).
 */
export function normalizePhone(
  text: string,
  defaultCountry: string | undefined,
): string | undefined {
  const international = text.trimStart().replace(/^00/, '+');
  const digits = international.replace(/[\s().-]+/g, '');
  // A zero in brackets is a trunk prefix, which only the parser knows how to take off.
  const isPlain = /^\+[1-9]\d{6,14}$/.test(digits) && !international.includes('(0');
  return isPlain && isPlainE164(digits) ? digits : parsePhone(international, defaultCountry);
}

/** Loads what numbers are read with, so that the first event does not wait for it. */
export function preparePhones(): void {
  isPlainE164('+16505551212');
}

/** The same by the library alone. */
export function parsePhone(text: string, defaultCountry: string | undefined): string | undefined {
  const phone = phoneLibrary().parsePhoneNumberFromString(text, {
    defaultCountry: defaultCountry as CountryCode | undefined,
    extract: false,
  });
  return phone?.isPossible() === true ? phone.number : undefined;
}

/** The form that TikTok hashes: E.164, but a number of mainland China without `+86`. */
export function tikTokPhone(e164: string): string {
  return e164.startsWith('+86') ? e164.slice(3) : e164;
}
