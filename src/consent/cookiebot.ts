import type { Consent, ConsentState } from '../events/consent';
import { consentTime, cookieText, withoutUnknown } from './cookie-text';

/**
 * Reads Cookiebot's cookie `CookieConsent`:
 * `{stamp:'…',necessary:true,preferences:false,statistics:true,marketing:false,method:'explicit',ver:1,utc:1700000000000,region:'de'}`.
 * Statistics is storage for analytics, marketing all that has to do with ads, as in Cookiebot's own
 * template for Google. What was not chosen (another method than `explicit`) grants nothing, but a no is a
 * no.
 *
 * @returns `undefined` for what is no such cookie; also for `0` (no answer yet) and `-1` (no answer
 *   needed, because the person is where the host told Cookiebot to ask nobody).
 * @see https://www.cookiebot.com/en/developer/
 */
export function readCookiebot(value: unknown): Consent | undefined {
  const fields = readFields(cookieText(value)?.trim() ?? '');
  const statistics = stateOf(fields, 'statistics');
  const marketing = stateOf(fields, 'marketing');
  if (fields === undefined || statistics === undefined || marketing === undefined) return undefined;
  return withoutUnknown<Consent>({
    adStorage: marketing,
    analyticsStorage: statistics,
    adUserData: marketing,
    adPersonalization: marketing,
    region: regionOf(fields.get('region')),
    source: 'cookiebot',
    version: fields.get('ver'),
    capturedAt: consentTime(Number(fields.get('utc') ?? Number.NaN)),
  });
}

/** `undefined` for other text than plain words, numbers and quoted texts; also for a field twice. */
function readFields(text: string): ReadonlyMap<string, string> | undefined {
  if (!text.startsWith('{') || !text.endsWith('}')) return undefined;
  const fields = new Map<string, string>();
  for (const pair of text.slice(1, -1).split(',')) {
    const [, name, bare, quoted] =
      /^\s*["']?(\w{1,30})["']?\s*:\s*(?:(-?[\w.]{1,30})|["']([^"']{0,4000})["'])\s*$/.exec(pair) ??
      [];
    if (name === undefined || fields.has(name)) return undefined;
    fields.set(name, bare ?? quoted ?? '');
  }
  return fields;
}

function stateOf(
  fields: ReadonlyMap<string, string> | undefined,
  name: string,
): ConsentState | undefined {
  const word = fields?.get(name);
  if (word === 'false') return 'denied';
  if (word !== 'true') return undefined;
  return fields?.get('method') === 'explicit' ? 'granted' : 'unknown';
}

/** `de` → `DE`; `us-06` → `US-CA`, because Cookiebot numbers the states as the US census does. */
function regionOf(text: string | undefined): string | undefined {
  const [, country, part] = /^([a-z]{2})(?:-(\w{1,3}))?$/i.exec(text ?? '') ?? [];
  if (country === undefined) return undefined;
  if (part === '06' && country.toLowerCase() === 'us') return 'US-CA';
  return (part === undefined || /\d/.test(part) ? country : `${country}-${part}`).toUpperCase();
}
