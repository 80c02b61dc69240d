import { CONSENT_PURPOSES, type Consent, type ConsentPurpose } from '../events/consent';
import { countryOf, needsOptIn, OPT_IN_REGIONS } from './opt-in-regions';

export type WhenUnknown = 'send' | 'withhold';
export type WithoutStorage = 'withhold' | 'cookieless';

/** What the host decides for one destination. */
export interface DestinationConsentPolicy {
  /** Purposes that it needs, all of them, instead of its own. */
  readonly purposes?: readonly ConsentPurpose[] | undefined;
  /** Instead of the common policy. */
  readonly whenUnknown?: WhenUnknown | undefined;
  /**
   * What becomes of an event where only storage (`adStorage`, `analyticsStorage`) is refused: `withhold`
   * (default), or `cookieless`: it goes without cookies, click IDs and client ID.
   */
  readonly withoutStorage?: WithoutStorage | undefined;
}

export interface ConsentPolicy {
  /** What to do where nothing is known, everywhere. Without it: withhold where opt-in is the law, else send. */
  readonly whenUnknown?: WhenUnknown;
  /** Where opt-in is the law; ISO 3166-1 or 3166-2. Default: `OPT_IN_REGIONS`. */
  readonly optInRegions?: readonly string[];
  /** Where a person counts as being whose event names no region. */
  readonly defaultRegion?: string;
  readonly destinations?: Readonly<Record<string, DestinationConsentPolicy | undefined>>;
}

/** What the gate has to know of a destination. */
export interface ConsentNeeds {
  readonly name: string;
  readonly requiredConsent: readonly ConsentPurpose[];
  /** The only countries in which it can do without personalisation; left out: all. */
  readonly limitsPersonalizationIn?: readonly string[];
}

export type ConsentDecision =
  | {
      readonly kind: 'send';
      /** As the destination may act on it: where unknown means no, it says no. */
      readonly consent: Consent;
      /** The platform is told to restrict its use: sale or personalisation is refused. */
      readonly isLimited: boolean;
      /** Without what came out of the browser's storage. */
      readonly isCookieless: boolean;
    }
  | { readonly kind: 'withhold'; readonly reason: string };

/** Decides whether an event may go to a destination, and as what. Pure: ask again before each send. */
export function decideConsent(
  consent: Consent,
  destination: ConsentNeeds,
  policy: ConsentPolicy,
): ConsentDecision {
  const { name, requiredConsent } = destination;
  const own = policy.destinations?.[name];
  const allowed = withPrivacySignals(withPolicy(consent, name, policy), undefined);
  const needed = own?.purposes ?? requiredConsent;
  if (isAnyDenied(needed, allowed)) {
    const refused = needed.filter(
      (purpose) =>
        allowed[purpose] === 'denied' &&
        (own?.withoutStorage !== 'cookieless' || !isStorage(purpose)),
    );
    if (refused.length > 0) return withheld(consent, refused);
  }
  // Where the host has said what is needed, that holds.
  if (own?.purposes === undefined && isUnlimited(allowed, destination, policy)) {
    const where = destination.limitsPersonalizationIn?.join(', ') ?? '';
    return withheld(consent, ['adPersonalization'], `, which ${name} honours in ${where} alone`);
  }
  return {
    kind: 'send',
    consent: allowed,
    isLimited: allowed.saleOptOut === true || allowed.adPersonalization === 'denied',
    isCookieless:
      isAnyDenied(requiredConsent, allowed) &&
      requiredConsent.some((purpose) => isStorage(purpose) && allowed[purpose] === 'denied'),
  };
}

function isAnyDenied(purposes: readonly ConsentPurpose[], allowed: Consent): boolean {
  for (const purpose of purposes) if (allowed[purpose] === 'denied') return true;
  return false;
}

/**
 * The consent as a destination may act on it: where unknown means no, it is no for every purpose, also for
 * those that only decide what an event may hold.
 */
export function withPolicy(consent: Consent, destination: string, policy: ConsentPolicy): Consent {
  if (whenUnknown(consent, destination, policy) === 'send') return consent;
  const decided: Consent = { ...consent };
  for (const purpose of CONSENT_PURPOSES)
    if (decided[purpose] !== 'granted') decided[purpose] = 'denied';
  return decided;
}

/** The person's own refusal of sale and sharing: by choice, or by the browser's signal. */
export function withPrivacySignals(consent: Consent, gpc: boolean | undefined): Consent {
  const isOptedOut = consent.saleOptOut === true || consent.gpc === true || gpc === true;
  if (!isOptedOut) return consent;
  const isMarked = consent.saleOptOut === true && (consent.gpc ?? gpc) === consent.gpc;
  return isMarked ? consent : { ...consent, gpc: consent.gpc ?? gpc, saleOptOut: true };
}

function whenUnknown(consent: Consent, destination: string, policy: ConsentPolicy): WhenUnknown {
  const decided = policy.destinations?.[destination]?.whenUnknown ?? policy.whenUnknown;
  if (decided !== undefined) return decided;
  const region = consent.region ?? policy.defaultRegion;
  if (region === undefined) return 'send';
  return needsOptIn(region, policy.optInRegions ?? OPT_IN_REGIONS) ? 'withhold' : 'send';
}

function isStorage(purpose: ConsentPurpose): boolean {
  return purpose === 'adStorage' || purpose === 'analyticsStorage';
}

/** Personalisation is refused where the platform knows no way to leave it out. */
function isUnlimited(
  allowed: Consent,
  { limitsPersonalizationIn }: ConsentNeeds,
  { defaultRegion }: ConsentPolicy,
): boolean {
  if (limitsPersonalizationIn === undefined || allowed.adPersonalization !== 'denied') return false;
  const country = countryOf(allowed.region ?? defaultRegion ?? '');
  return country === undefined || !limitsPersonalizationIn.includes(country);
}

function withheld(
  consent: Consent,
  purposes: readonly ConsentPurpose[],
  more = '',
): ConsentDecision {
  const denied = purposes.filter((purpose) => consent[purpose] === 'denied');
  const reason =
    denied.length > 0
      ? `consent denied for ${denied.join(', ')}`
      : `consent unknown for ${purposes.join(', ')}`;
  return { kind: 'withhold', reason: reason + more };
}
