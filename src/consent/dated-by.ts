import type { Consent } from '../events/consent';

/** A clock that is further ahead says nothing about when it was. */
const CLOCK_SKEW_MS = 60_000;

/** A browser's clock may be wrong, and what is dated later than now would outlive a withdrawal that follows. */
export function datedBy(nowMs: number, consent: Consent): Consent {
  const { capturedAt } = consent;
  if (capturedAt === undefined || capturedAt <= nowMs) return consent;
  return { ...consent, capturedAt: capturedAt > nowMs + CLOCK_SKEW_MS ? undefined : nowMs };
}
