import { holdsCardNumber, holdsEmail, holdsJwt, looksPersonal } from './personal-data';

export interface PageUrlOptions {
  /** More query keys to take out, in lower case. */
  readonly stripQueryParams?: ReadonlySet<string>;
}

/** Query keys whose values are secrets or personal data by their name, whatever stands around it. */
const PRIVATE_KEY =
  /token|secret|passw|pwd|api_?key|jwt|otp|signature|auth|session|reset|invite|e-?mail|phone|mobile|address|birth|(?:^|[^a-z])(?:name|first_?name|last_?name|full_?name|user_?name|customer_?name|code|state|sid|sig|key|tel)(?:$|[^a-z])/i;

/** Click IDs, some of which look like tokens. An e-mail address is taken out even of them. */
const CLICK_ID_KEYS = new Set(
  'fbclid ttclid gclid gbraid wbraid dclid gclsrc gad_source gad_campaignid msclkid sccid scclickid epik rdt_cid li_fat_id twclid yclid ymclid srsltid irclickid _gl'.split(
    ' ',
  ),
);

/** A part of a path behind which a secret stands: `/reset-password/Zk3…`. */
const SECRET_AHEAD =
  /reset|verif|confirm|invit|activat|magic|token|passw|unsubscribe|one-?time|auth(?![a-z])/i;

/** As long as the shortest secret that anybody should use. */
const LIKE_SECRET = /^[\w.~=-]{16,}$/;

/** Letters and digits mixed, a capital inside, or longer than words are: slugs have none of these. */
const NO_WORD = /^(?:(?=.*\d)(?=.*[A-Za-z]).{6,}|.*[a-z][A-Z].*|.{24,})$/;

/** A hash, a random key. A UUID has hyphens and stays: shops name products by it. */
const LONG_HEX = /^[0-9a-f]{32,}$/i;

/** Stands where a part of a path was taken out. */
const REDACTED = 'redacted';

/**
 * A page's URL as a platform may see it: without fragment, credentials, query values that are secret or personal, and
 * parts of the path that look like a token. Click IDs and `utm_*` stay, byte for byte. `undefined` for what is no web
 * URL. Cleaning it again changes nothing.
 */
export function cleanPageUrl(text: string, options: PageUrlOptions = {}): string | undefined {
  // Most pages have nothing to hide, and parsing a URL costs more than looking.
  if (PLAIN_URL.test(text) && !SUSPECT_PATH.test(text)) return text;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  url.hash = '';
  url.username = '';
  url.password = '';
  url.pathname = cleanPath(url.pathname);
  if (url.search === '') return url.href;
  const kept = url.search
    .slice(1)
    .split('&')
    .filter((pair) => isPublic(pair, options));
  url.search = '';
  return kept.length === 0 ? url.href : `${url.href}?${kept.join('&')}`;
}

const PLAIN_URL = /^https?:\/\/[a-z0-9.-]+(?::\d+)?(?:\/[\w./~-]*)?$/i;

/** What a plain URL must hold for `cleanPath` to find anything in it. */
const SUSPECT_PATH = new RegExp(`[0-9a-f]{32}|eyJ|\\d(?:-?\\d){12}|${SECRET_AHEAD.source}`, 'i');

function cleanPath(path: string): string {
  if (holdsEmail(decode(path))) return '/';
  const parts = path.split('/');
  const cleaned = parts.map((part, index) =>
    isSecretPart(decode(part), parts[index - 1] ?? '') ? REDACTED : part,
  );
  return cleaned.join('/');
}

function isSecretPart(part: string, before: string): boolean {
  if (looksSecret(part)) return true;
  // Without a plus it is as well an article number.
  if (part.startsWith('+')) return looksPersonal(part);
  if (!SECRET_AHEAD.test(before) || !LIKE_SECRET.test(part)) return false;
  return part.split(/[-_.]/).some((word) => NO_WORD.test(word));
}

function looksSecret(text: string): boolean {
  return LONG_HEX.test(text) || holdsJwt(text) || holdsCardNumber(text);
}

function isPublic(pair: string, { stripQueryParams }: PageUrlOptions): boolean {
  if (pair === '') return false;
  const at = pair.indexOf('=');
  const [rawKey, rawValue] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
  const key = decode(rawKey.replaceAll('+', ' ')).toLowerCase();
  const value = decode(rawValue.replaceAll('+', ' '));
  if (stripQueryParams?.has(key) === true) return false;
  if (holdsEmail(decode(pair)) || holdsEmail(value)) return false;
  if (key.startsWith('utm_') || CLICK_ID_KEYS.has(key)) return true;
  // A plus that nobody encoded has become a blank.
  const hasPhone = looksPersonal(value) || looksPersonal(decode(rawValue));
  return !PRIVATE_KEY.test(key) && !hasPhone && !looksSecret(value) && !looksSecret(key);
}

/** Decoded twice, because an address in a URL in a URL is still an address. */
function decode(text: string): string {
  const once = decodeOnce(text);
  return once.includes('%') ? decodeOnce(once) : once;
}

function decodeOnce(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
