import { CONSENT_PURPOSES, type Consent } from '../events/consent';
import type { ConsentReader } from './consent-reader';
import { withoutUnknown } from './cookie-text';
import { readCookiebot } from './cookiebot';
import { readGpp } from './gpp';
import { readOneTrust, type OneTrustGroups } from './onetrust';
import { readTcf } from './tcf';
import { readUsp } from './usp';

export interface ConsentReaderSettings {
  readonly readers: readonly ConsentReader[];
  /** Vendors of the IAB's list that a TC string must name; see `TcfSettings`. */
  readonly vendorIds?: readonly number[];
  /** What OneTrust's groups stand for; default `ONETRUST_GROUPS`. */
  readonly oneTrustGroups?: OneTrustGroups;
}

export type Cookies = Readonly<Record<string, string | undefined>>;

/**
 * What a request says about consent: the cookies of all readers that run, and `Sec-GPC`.
 *
 * The order of trust is OneTrust, Cookiebot, TCF, GPP, USP: a platform's own cookie knows the person's
 * place, an IAB string does not. It decides who names region and version. About a purpose it decides
 * nothing: where two disagree, a no beats a yes, whoever said it.
 *
 * @param isGpc whether the browser sent `Sec-GPC: 1`.
 * @returns `undefined` where nothing speaks of consent. Never throws.
 */
export function readConsentCookies(
  cookies: Cookies,
  isGpc: boolean,
  settings: ConsentReaderSettings,
): Consent | undefined {
  const found = READ_IN_ORDER.flatMap(([reader, read]) => {
    if (!settings.readers.includes(reader)) return [];
    try {
      return read(cookies, settings) ?? [];
    } catch {
      // The package went missing after the start: nothing is known, as without the cookie.
      return [];
    }
  });
  if (isGpc) found.push({ gpc: true, source: 'gpc' });
  const [first, ...others] = found;
  return first === undefined ? undefined : others.reduce(combine, first);
}

type ReadCookies = (cookies: Cookies, settings: ConsentReaderSettings) => Consent | undefined;

const READ_IN_ORDER: readonly (readonly [ConsentReader, ReadCookies])[] = [
  [
    'onetrust',
    (cookies, { oneTrustGroups }) =>
      readOneTrust(cookies.OptanonConsent, {
        groups: oneTrustGroups,
        alertBoxClosed: cookies.OptanonAlertBoxClosed,
      }),
  ],
  ['cookiebot', (cookies) => readCookiebot(cookies.CookieConsent)],
  ['tcf', (cookies, settings) => readTcf(cookies['euconsent-v2'], settings)],
  // The IAB names no cookie; these two are in use.
  [
    'gpp',
    (cookies, settings) =>
      readGpp(cookies.__gpp, settings) ?? readGpp(cookies.OTGPPConsent, settings),
  ],
  ['usp', (cookies) => readUsp(cookies.usprivacy)],
];

function combine(more: Consent, less: Consent): Consent {
  const combined: Consent = {
    saleOptOut: more.saleOptOut === true || (less.saleOptOut ?? more.saleOptOut),
    gpc: more.gpc ?? less.gpc,
    region: more.region ?? less.region,
    source: `${more.source ?? ''}+${less.source ?? ''}`,
    version: more.version ?? less.version,
    capturedAt: latest(more.capturedAt, less.capturedAt),
  };
  for (const purpose of CONSENT_PURPOSES) {
    const states = [more[purpose], less[purpose]];
    combined[purpose] = (['denied', 'granted', 'unknown'] as const).find((state) =>
      states.includes(state),
    );
  }
  return withoutUnknown(combined);
}

function latest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}
