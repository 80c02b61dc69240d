import { US_STATES } from './us-states';

/** `São Paulo` → `sãopaulo`: lower case, letters of any script, no spaces or punctuation. */
export function normalizeCity(text: string): string {
  return compact(text);
}

/** The form that Google hashes: `123 Main St., Apt #4` → `123 main st apt 4`. */
export function googleStreet(text: string): string {
  return text
    .normalize('NFC')
    .toLowerCase()
    .replace(/[\p{P}\p{S}]/gu, '')
    .trim();
}

/** US: two letters, from code or name; elsewhere the name without spaces. */
export function normalizeState(text: string, countryCode: string | undefined): string {
  const state = compact(text);
  return countryCode === undefined || countryCode === 'us'
    ? (US_STATES.get(state) ?? state)
    : state;
}

/** `94035-1234` → `94035`, `M1 1AE` → `m11ae`. A US code is cut to five digits, no other is. */
export function normalizePostalCode(text: string, countryCode: string | undefined): string {
  const code = text
    .normalize('NFC')
    .toLowerCase()
    .replace(/[\s\p{P}]/gu, '');
  const isZipPlus4 = /^\s*\d{5}-\d{4}\s*$/.test(text) || /^\d{9}$/.test(code);
  const isUs =
    countryCode === 'us' || (countryCode === undefined && /^\s*\d{5}-\d{4}\s*$/.test(text));
  return isUs && isZipPlus4 ? code.slice(0, 5) : code;
}

/** ISO 3166-1 alpha-2 in lower case, from the code or the English name; `undefined` for what is neither. */
export function normalizeCountry(text: string): string | undefined {
  const name = text.trim().toLowerCase();
  if (name.length === 2)
    return name === 'uk' ? 'gb' : countries().codes.has(name) ? name : undefined;
  return COMMON_SPELLINGS[name] ?? countries().byName.get(name);
}

const COMMON_SPELLINGS: Readonly<Record<string, string>> = {
  usa: 'us',
  'united states of america': 'us',
  gbr: 'gb',
  'great britain': 'gb',
  england: 'gb',
  turkey: 'tr',
  'czech republic': 'cz',
};

/** Codes that the runtime names although they are no countries. */
const NO_COUNTRIES = new Set('EU EZ UN QO XA XB ZZ'.split(' '));

let knownCountries: { codes: ReadonlySet<string>; byName: ReadonlyMap<string, string> } | undefined;

/** The runtime's own list of countries, made when it is first asked for. */
function countries(): NonNullable<typeof knownCountries> {
  if (knownCountries !== undefined) return knownCountries;
  const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
  const codes = new Set<string>();
  const byName = new Map<string, string>();
  const letters = Array.from({ length: 26 }, (_unused, index) => String.fromCharCode(65 + index));
  for (const code of letters.flatMap((first) => letters.map((second) => first + second))) {
    const name = names.of(code);
    if (name === undefined || NO_COUNTRIES.has(code)) continue;
    // The runtime also knows codes that are gone or aliases: UK is GB.
    if (Intl.getCanonicalLocales(`und-${code}`)[0] !== `und-${code}`) continue;
    codes.add(code.toLowerCase());
    byName.set(name.toLowerCase(), code.toLowerCase());
  }
  return (knownCountries = { codes, byName });
}

function compact(text: string): string {
  const lower = text.toLowerCase();
  return /^[a-z]+$/.test(lower) ? lower : lower.normalize('NFC').replace(/[\s\p{P}\p{S}]/gu, '');
}
