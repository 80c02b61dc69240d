import { looksPersonal } from './personal-data';

/** Query keys whose values are secrets or personal data by their name, whatever stands around it. */
const PRIVATE_KEY =
  /token|secret|passw|pwd|api_?key|jwt|otp|signature|auth|session|reset|invite|e-?mail|phone|mobile|address|birth|(?:^|[^a-z])(?:name|first_?name|last_?name|full_?name|user_?name|customer_?name|code|state|sid|sig|key|tel)(?:$|[^a-z])/i;

/**
 * A page's URL as a platform may see it: without fragment, credentials, query values that are secret
 * or personal. Click IDs and `utm_*` stay, byte for byte. `undefined` for what is no web URL.
 */
export function cleanPageUrl(text: string): string | undefined {
  // Most pages have nothing to hide, and parsing a URL costs more than looking.
  if (PLAIN_URL.test(text)) return text;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  url.hash = '';
  url.username = '';
  url.password = '';
  if (looksPersonal(url.pathname)) url.pathname = '/';
  if (url.search === '') return url.href;
  const kept = url.search.slice(1).split('&').filter(isPublic);
  url.search = '';
  return kept.length === 0 ? url.href : `${url.href}?${kept.join('&')}`;
}

const PLAIN_URL = /^https?:\/\/[a-z0-9.-]+(?::\d+)?(?:\/[\w./~-]*)?$/i;

function isPublic(pair: string): boolean {
  const at = pair.indexOf('=');
  const [key, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
  return pair !== '' && !isPrivateKey(decode(key)) && !looksPersonal(decode(value));
}

function isPrivateKey(key: string): boolean {
  return !key.startsWith('utm_') && PRIVATE_KEY.test(key);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
