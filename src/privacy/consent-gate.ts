import { CONSENT_PURPOSES, type Consent, type ConsentPurpose } from '../events/consent';
import { normalizeCountry } from './postal-address';

export type WhenUnknown = 'send' | 'withhold';

export interface ConsentPolicy {
  /**
   * What to do where nothing is known. Without a setting: withhold where the event's region asks for
   * opt-in (EEA, UK, Switzerland), send elsewhere.
   */
  readonly whenUnknown?: WhenUnknown;
}

export type ConsentDecision =
  { readonly kind: 'send' } | { readonly kind: 'withhold'; readonly reason: string };

/** Countries whose law wants consent before data is shared for ads. */
const OPT_IN_COUNTRIES = new Set(
  'AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO GB CH'.split(
    ' ',
  ),
);

/** Decides whether an event may go to a destination that needs all of `required`. */
export function decideConsent(
  consent: Consent,
  required: readonly ConsentPurpose[],
  policy: ConsentPolicy,
): ConsentDecision {
  const denied = required.filter((purpose) => consent[purpose] === 'denied');
  if (denied.length > 0)
    return { kind: 'withhold', reason: `consent denied for ${denied.join(', ')}` };
  const unknown = required.filter((purpose) => consent[purpose] !== 'granted');
  if (unknown.length === 0 || whenUnknown(consent, policy) === 'send') return { kind: 'send' };
  return { kind: 'withhold', reason: `consent unknown for ${unknown.join(', ')}` };
}

/**
 * The consent as destinations may act on it: where unknown means no, it is no for every purpose, also for
 * those that only decide what an event may hold.
 */
export function withPolicy(consent: Consent, policy: ConsentPolicy): Consent {
  if (whenUnknown(consent, policy) === 'send') return consent;
  const decided: Consent = { ...consent };
  for (const purpose of CONSENT_PURPOSES)
    if (decided[purpose] !== 'granted') decided[purpose] = 'denied';
  return decided;
}

/** The person's own refusal of sale and sharing: by choice, or by the browser's signal. */
export function withPrivacySignals(consent: Consent, gpc: boolean | undefined): Consent {
  const isOptedOut = consent.saleOptOut === true || consent.gpc === true || gpc === true;
  return isOptedOut ? { ...consent, gpc: consent.gpc ?? gpc, saleOptOut: true } : consent;
}

function whenUnknown(consent: Consent, policy: ConsentPolicy): WhenUnknown {
  if (policy.whenUnknown !== undefined) return policy.whenUnknown;
  return consent.region !== undefined && mayNeedOptIn(consent.region) ? 'withhold' : 'send';
}

/** A region that nobody knows counts as one that asks for opt-in: a misspelling must not send. */
function mayNeedOptIn(region: string): boolean {
  const country = region.length <= 6 ? (region.split('-')[0] ?? region) : region;
  const code = normalizeCountry(country);
  return code === undefined || OPT_IN_COUNTRIES.has(code.toUpperCase());
}
