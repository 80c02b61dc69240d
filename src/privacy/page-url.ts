import { looksPersonal } from './personal-data';

/** Query keys whose values are secrets or personal data by their name. */
const PRIVATE_KEYS = new Set(
  (
    'token access_token id_token refresh_token code state session session_id sessionid sid password pwd ' +
    'passwd secret client_secret api_key apikey key auth authorization signature sig reset invite otp ' +
    'email e-mail mail phone tel mobile name first_name last_name firstname lastname fullname address'
  ).split(' '),
);

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
  return (
    pair !== '' && !PRIVATE_KEYS.has(decode(key).toLowerCase()) && !looksPersonal(decode(value))
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
