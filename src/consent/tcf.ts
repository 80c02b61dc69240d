import type { Consent } from '../events/consent';
import { consentTime, cookieText } from './cookie-text';
import { loadTcf } from './peers';

export interface TcfSettings {
  /** Vendors of the IAB's list that must have consent too, every one: Google is 755. Default: none. */
  readonly vendorIds?: readonly number[];
}

/**
 * Reads an IAB TC string of version 2, as in the cookie `euconsent-v2`, the way Google reads it: storage
 * for ads is purpose 1, user data for ads 1 and 7, personalisation 3 and 4. The framework has no purpose
 * for a site's own analytics, so `analyticsStorage` stays unknown.
 *
 * Of the string, only the purposes and vendors are decoded. A whole decoding takes a list of vendor
 * ranges at its word, and a cookie of 1 KB then costs half a second.
 *
 * @see https://github.com/InteractiveAdvertisingBureau/GDPR-Transparency-and-Consent-Framework/blob/master/TCFv2/IAB%20Tech%20Lab%20-%20Consent%20string%20and%20vendor%20list%20formats%20v2.md
 * @returns `undefined` for what is no such string. Never throws once the package is there.
 */
export function readTcf(
  tcString: unknown,
  { vendorIds = [] }: TcfSettings = {},
): Consent | undefined {
  const core = cookieText(tcString)?.split('.', 1)[0];
  if (core === undefined || !CORE.test(core)) return undefined;
  const { Base64Url, IntEncoder, DateEncoder, FixedVectorEncoder } = loadTcf();
  try {
    const bits = Base64Url.decode(core);
    const vendors = hasVendors(bits, vendorIds);
    if (IntEncoder.decode(bits.slice(0, 6), 6) !== 2 || vendors === undefined) return undefined;
    const purposes = FixedVectorEncoder.decode(bits.slice(PURPOSES_AT, PURPOSES_AT + 24), 24);
    const state = (...needed: readonly number[]) =>
      vendors && needed.every((purpose) => purposes.has(purpose)) ? 'granted' : 'denied';
    return {
      adStorage: state(1),
      adUserData: state(1, 7),
      adPersonalization: state(3, 4),
      source: 'tcf',
      version: `vendor-list-${IntEncoder.decode(bits.slice(120, 132), 12)}`,
      capturedAt: consentTime(DateEncoder.decode(bits.slice(42, 78), 36).getTime()),
    };
  } catch {
    return undefined;
  }
}

/** Base64url, at least as long as everything up to the list of vendors. */
const CORE = /^C[\w-]{38,}$/;
const PURPOSES_AT = 152;
const VENDORS_AT = 213;

/** Whether all of these have consent; `undefined` where the list is cut off. */
function hasVendors(bits: string, ids: readonly number[]): boolean | undefined {
  const int = (at: number, length: number) => Number.parseInt(bits.slice(at, at + length), 2);
  const maxId = int(VENDORS_AT, 16);
  if (bits[VENDORS_AT + 16] === '0') {
    const field = bits.slice(VENDORS_AT + 17, VENDORS_AT + 17 + maxId);
    return field.length < maxId ? undefined : ids.every((id) => field[id - 1] === '1');
  }
  const missing = new Set(ids);
  let at = VENDORS_AT + 29;
  for (let left = int(VENDORS_AT + 17, 12); left > 0; left -= 1) {
    const isRange = bits[at] === '1';
    const first = int(at + 1, 16);
    const last = isRange ? int(at + 17, 16) : first;
    at += isRange ? 33 : 17;
    if (at > bits.length) return undefined;
    for (const id of missing) if (id >= first && id <= last) missing.delete(id);
  }
  return missing.size === 0;
}
