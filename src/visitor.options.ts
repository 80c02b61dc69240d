import type { VisitorCookieSettings } from './context/visitor-cookies';
import { OptionReader } from './destinations/option-reader';

/**
 * First-party cookies that recognise a visitor; they are written with consent alone. Every answer to somebody who
 * has consented may then carry `Set-Cookie`: no shared cache may keep one, or it hands one visitor's ID to others.
 */
export interface VisitorOptions {
  /** Name of the cookie with the visitor ID; default `visitor_id`. */
  readonly cookieName?: string | undefined;
  /** Name of the cookie with the session; default `visitor_session`. */
  readonly sessionCookieName?: string | undefined;
  /** How long a visitor is remembered; default and at most 400 days, as browsers have it. */
  readonly ttlMs?: number | undefined;
  /** After how long without a request a session ends, to the minute; default 30 minutes. */
  readonly sessionIdleMs?: number | undefined;
  /** Whether `_fbc`, `_fbp` and `ttclid` are written as the pixels would, and taken away; default true. */
  readonly platformCookies?: boolean | undefined;
  /**
   * Default `auto`: the registrable domain, which all subdomains share. At a host outside of the domain that is
   * set, such as `localhost`, the cookies are for that host alone.
   */
  readonly domain?: string | undefined;
  /** Default `lax`. */
  readonly sameSite?: 'lax' | 'strict' | 'none' | undefined;
  /** Default `auto`: where the visitor came by https, which a proxy tells if `context.trustProxy` lets it. */
  readonly secure?: boolean | 'auto' | undefined;
}

const DAY_MS = 24 * 3_600_000;
const COOKIE_NAME = /^(?!__(?:host|secure)-)[\w.-]{1,64}$/i;
/** Names of others, whose cookies are read. */
const TAKEN =
  /^(?:_fb[cp]|ttclid|_ttp|_ga(?:_.*)?|_gcl_.*|OptanonConsent|OptanonAlertBoxClosed|CookieConsent|euconsent-v2|__gpp|OTGPPConsent|usprivacy)$/;

const DOMAIN = /^(?:auto|[a-z\d-]+(?:\.[a-z\d-]+)+)$/i;

/** @returns `undefined`: visitors are not recognised. */
export function resolveVisitorOptions(
  parent: OptionReader,
  options: boolean | VisitorOptions | null | undefined,
): VisitorCookieSettings | undefined {
  if (options === undefined || options === null || options === false) return undefined;
  const reader = new OptionReader(
    'context.visitor',
    options === true ? {} : options,
    parent.problems,
  );
  reader.rejectUnknown([
    'cookieName',
    'sessionCookieName',
    'ttlMs',
    'sessionIdleMs',
    'platformCookies',
    'domain',
    'sameSite',
    'secure',
  ]);
  const sameSite = reader.oneOf('sameSite', ['lax', 'strict', 'none'], 'lax');
  const secure: unknown = options === true ? undefined : options.secure;
  if (secure !== undefined && secure !== 'auto' && typeof secure !== 'boolean')
    reader.note('secure', 'expected true, false or auto');
  if (sameSite === 'none' && secure === false)
    reader.note('secure', 'browsers refuse cookies with sameSite none that are not secure');
  const [cookieName, sessionCookieName] = [
    readName(reader, 'cookieName', 'visitor_id'),
    readName(reader, 'sessionCookieName', 'visitor_session'),
  ];
  if (cookieName === sessionCookieName)
    reader.note('sessionCookieName', 'expected another name than cookieName has');
  return {
    cookieName,
    sessionCookieName,
    ttlMs: reader.integer('ttlMs', 60_000, 400 * DAY_MS) ?? 400 * DAY_MS,
    sessionIdleMs: reader.integer('sessionIdleMs', 60_000, DAY_MS) ?? 30 * 60_000,
    platformCookies: reader.flag('platformCookies', true),
    domain:
      reader.text('domain', DOMAIN, 'auto or a domain without a dot before it')?.toLowerCase() ??
      'auto',
    sameSite,
    secure: sameSite === 'none' ? true : typeof secure === 'boolean' ? secure : 'auto',
  };
}

/** Browsers refuse `__Host-` with a domain, and both prefixes over http: these cookies go without. */
function readName(reader: OptionReader, key: string, fallback: string): string {
  const hint = 'a cookie name of letters, digits, - _ and ., without __Host- or __Secure-';
  const name = reader.text(key, COOKIE_NAME, hint) ?? fallback;
  if (TAKEN.test(name)) reader.note(key, 'is the name of a cookie that others write');
  return name;
}
