import { CONSENT_PURPOSES, type Consent, type ConsentPurpose } from '../events/consent';
import { consentTime, cookieText, withoutUnknown } from './cookie-text';

/** What a group of cookies stands for; `sale` is the right to refuse sale and sharing. */
export type OneTrustMeaning = ConsentPurpose | 'sale';

export type OneTrustGroups = Readonly<Record<string, readonly OneTrustMeaning[]>>;

/**
 * The groups that OneTrust sets up by itself. A host can name its own; necessary (`C0001`), functional
 * (`C0003`) and social (`C0005`) cookies decide nothing here.
 */
export const ONETRUST_GROUPS: OneTrustGroups = {
  C0002: ['analyticsStorage'],
  C0004: ['adStorage', 'adUserData', 'adPersonalization'],
  SPD_BG: ['sale'],
  SSPD_BG: ['sale'],
};

export interface OneTrustSettings {
  readonly groups?: OneTrustGroups;
  /** The cookie `OptanonAlertBoxClosed`: when the person answered, as ISO 8601. */
  readonly alertBoxClosed?: unknown;
}

/**
 * Reads OneTrust's cookie `OptanonConsent`: `…&groups=C0001:1,C0002:0&geolocation=DE;BY`. A purpose is
 * granted only where all of its groups are on and the person answered: before that, OneTrust writes what
 * the banner has preset, which is nobody's consent. What is off is denied in any case.
 *
 * @returns `undefined` for what is no such cookie. OneTrust documents the layout only in part.
 */
export function readOneTrust(value: unknown, settings: OneTrustSettings = {}): Consent | undefined {
  const text = cookieText(value);
  const groups = text === undefined ? undefined : readGroups(text);
  if (text === undefined || groups === undefined) return undefined;
  const answeredAt = timeOf(cookieText(settings.alertBoxClosed));
  const meanings = Object.entries(settings.groups ?? ONETRUST_GROUPS);
  const stateOf = (meaning: OneTrustMeaning): boolean | undefined => {
    const states = meanings.flatMap(([group, means]) =>
      means.includes(meaning) ? (groups.get(group) ?? []) : [],
    );
    return states.length === 0 ? undefined : !states.includes(false);
  };
  const consent: Consent = {
    saleOptOut: stateOf('sale') === false ? true : undefined,
    gpc: field(text, 'isGpcEnabled') === '1' ? true : undefined,
    region: regionOf(field(text, 'geolocation')),
    source: 'onetrust',
    version: field(text, 'version')?.slice(0, 50),
    capturedAt: answeredAt ?? timeOf(field(text, 'datestamp')),
  };
  for (const purpose of CONSENT_PURPOSES) {
    const isOn = stateOf(purpose);
    if (isOn === false) consent[purpose] = 'denied';
    if (isOn === true && answeredAt !== undefined) consent[purpose] = 'granted';
  }
  return withoutUnknown(consent);
}

/**
 * One field of the query-like text. `undefined` if it stands there twice: the text also holds the URL of
 * the page on which the visit began, and a link could bring a field along.
 */
function field(text: string, name: string): string | undefined {
  const [value, ...others] = fields(text, name);
  return others.length > 0 ? undefined : value;
}

function fields(text: string, name: string): readonly string[] {
  return text
    .split('&')
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
}

/** Of several lists every refusal counts: one may have come by a link, and a link must grant nothing. */
function readGroups(text: string): ReadonlyMap<string, boolean> | undefined {
  const lists = fields(text, 'groups').filter((list) => GROUPS.test(list));
  if (lists.length === 0) return undefined;
  const groups = new Map<string, boolean>();
  for (const list of lists)
    for (const pair of list.split(',').slice(0, 100)) {
      const [group = '', state] = pair.split(':');
      groups.set(group, state === '1' && groups.get(group) !== false);
    }
  // A group that one of them does not name is not known to be on.
  if (lists.length > 1)
    for (const group of groups.keys())
      if (!lists.every((list) => `,${list}`.includes(`,${group}:`))) groups.set(group, false);
  return groups;
}

const GROUPS = /^[\w-]{1,40}:[01](?:,[\w-]{1,40}:[01])*$/;

/** `Tue+Jan+14+2025+10:20:30+GMT+0100+(CET)` or ISO 8601. */
function timeOf(text: string | undefined): number | undefined {
  if (text === undefined || text.length > 100) return undefined;
  const date = text
    .replaceAll('+', ' ')
    .replace(/GMT (\d{4})/, 'GMT+$1')
    .replace(/\(.*$/, '');
  return consentTime(Date.parse(date));
}

/** `US;CA` → `US-CA`. */
function regionOf(text: string | undefined): string | undefined {
  const [, country, part] = /^([A-Z]{2})(?:;([A-Z0-9]{0,3}))?$/.exec(text ?? '') ?? [];
  if (country === undefined) return undefined;
  return part === undefined || part === '' ? country : `${country}-${part}`;
}
