import type { Consent, ConsentPurpose } from '../events/consent';

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

/** The person's own refusal of sale and sharing: by choice, or by the browser's signal. */
export function withPrivacySignals(consent: Consent, gpc: boolean | undefined): Consent {
  const isOptedOut = consent.saleOptOut === true || consent.gpc === true || gpc === true;
  return isOptedOut ? { ...consent, gpc: consent.gpc ?? gpc, saleOptOut: true } : consent;
}

function whenUnknown(consent: Consent, policy: ConsentPolicy): WhenUnknown {
  if (policy.whenUnknown !== undefined) return policy.whenUnknown;
  return OPT_IN_COUNTRIES.has(consent.region?.slice(0, 2) ?? '') ? 'withhold' : 'send';
}
