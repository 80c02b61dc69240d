import { CONSENT_PURPOSES, type Consent } from '../events/consent';
import { withoutUnknown } from './cookie-text';

/**
 * One record from what the host says with the event and what the visitor's request said. Field by field:
 *
 * - A purpose: the host's word, where it says granted or denied; else what was captured. A refusal that
 *   was captured later than the host's record was (both dated) beats its grant: consent can be withdrawn.
 * - A refusal of sale stays, whoever has it. Only a host's record that is newer than the captured one
 *   (both dated) and says `saleOptOut: false` takes a captured `saleOptOut` back, and never `gpc`: the
 *   browser repeats that with every request.
 * - Region, source and version: the host's, else the captured ones.
 * - Time: that of the oldest record from which a grant comes, none where one of these has no date, because it
 *   may be what a withdrawal took back. Where nothing is granted, the host's, else the captured one.
 */
export function mergeConsent(
  explicit: Consent | undefined,
  captured: Consent | undefined,
): Consent {
  if (explicit === undefined || captured === undefined) return { ...(explicit ?? captured) };
  const isGpc = explicit.gpc === true || captured.gpc === true;
  const isTakenBack = explicit.saleOptOut === false && isLater(explicit, captured);
  const isRefused =
    isGpc || explicit.saleOptOut === true || (captured.saleOptOut === true && !isTakenBack);
  const merged: Consent = {
    saleOptOut: isRefused || (explicit.saleOptOut ?? captured.saleOptOut),
    gpc: isGpc || (explicit.gpc ?? captured.gpc),
    region: explicit.region ?? captured.region,
    source: explicit.source ?? captured.source,
    version: explicit.version ?? captured.version,
  };
  const granting = new Set<Consent>();
  for (const purpose of CONSENT_PURPOSES) {
    const said = explicit[purpose] === 'unknown' ? undefined : explicit[purpose];
    const isWithdrawn = captured[purpose] === 'denied' && isLater(captured, explicit);
    merged[purpose] = isWithdrawn ? 'denied' : (said ?? captured[purpose] ?? explicit[purpose]);
    if (merged[purpose] === 'granted') granting.add(said === 'granted' ? explicit : captured);
  }
  const dates = [...granting].map(({ capturedAt }) => capturedAt);
  merged.capturedAt =
    dates.length === 0 ? (explicit.capturedAt ?? captured.capturedAt) : oldest(dates);
  return withoutUnknown(merged);
}

function oldest(dates: readonly (number | undefined)[]): number | undefined {
  const known = dates.filter((date) => date !== undefined);
  return known.length < dates.length ? undefined : Math.min(...known);
}

function isLater({ capturedAt: a }: Consent, { capturedAt: b }: Consent): boolean {
  return a !== undefined && b !== undefined && a > b;
}
