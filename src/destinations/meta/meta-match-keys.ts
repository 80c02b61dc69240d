import type { MetaUserData } from './meta.payload';

/**
 * Sets of which Meta refuses every subset: they match too many people. One such event would make it
 * refuse the whole request.
 *
 * @see https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/customer-information-parameters
 */
const TOO_WEAK: readonly ReadonlySet<string>[] = [
  new Set(['ct', 'country', 'st', 'zp', 'ge', 'client_user_agent']),
  new Set(['db', 'client_user_agent']),
  new Set(['fn', 'ge']),
  new Set(['ln', 'ge']),
];

export function isTooWeak(userData: MetaUserData): boolean {
  const { em, ph, external_id, fbc, fbp, client_ip_address, subscription_id } = userData;
  // Each of these is in no set, and nearly every event has one.
  if (em ?? ph ?? external_id ?? fbc ?? fbp ?? client_ip_address ?? subscription_id) return false;
  const keys = Object.entries(userData).flatMap(([key, value]) =>
    value === undefined ? [] : [key],
  );
  return TOO_WEAK.some((set) => keys.every((key) => set.has(key)));
}
