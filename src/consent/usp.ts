import type { Consent } from '../events/consent';
import { cookieText } from './cookie-text';

/**
 * Reads a US Privacy string, as in the cookie `usprivacy`: `1YYN`, whose third character says whether the
 * person opted out of sale. The IAB has replaced it by GPP.
 *
 * @returns `undefined` also for `1---`, which says that the law does not apply.
 * @see https://github.com/InteractiveAdvertisingBureau/USPrivacy/blob/master/CCPA/US%20Privacy%20String.md
 */
export function readUsp(text: unknown): Consent | undefined {
  const [, optOut] = /^1[YN-]([YN-])[YN-]$/i.exec(cookieText(text) ?? '') ?? [];
  if (optOut === undefined || optOut === '-') return undefined;
  return { saleOptOut: optOut.toUpperCase() === 'Y', source: 'usp' };
}
