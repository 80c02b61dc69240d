import { randomInt, randomUUID } from 'node:crypto';

import type { ConsentState } from '../events/consent';
import type { ClickIds } from '../events/request-context';
import { chooseFbc, chooseFbp } from './meta-cookies';
import { isStale, newSession, readSession, sessionCookie } from './visitor-session';

export interface VisitorSettings {
  /** Name of the cookie with the visitor ID. */
  readonly cookieName: string;
  /** Name of the cookie with the session. */
  readonly sessionCookieName: string;
  /** How long the visitor is remembered; browsers keep nothing longer than 400 days. */
  readonly ttlMs: number;
  /** A session ends when nothing came for so long. */
  readonly sessionIdleMs: number;
  /** Whether `_fbc`, `_fbp` and `ttclid` are kept as the pixels would. */
  readonly platformCookies: boolean;
}

/** What the consent of this request allows to be kept in the browser. */
export interface StorageConsent {
  /** For the visitor ID and the session. */
  readonly analyticsStorage: ConsentState | undefined;
  /** For what platforms of ads read. */
  readonly adStorage: ConsentState | undefined;
}

/** One cookie to be written; without a value it is taken away. */
export interface CookieChange {
  readonly name: string;
  readonly value: string | undefined;
  readonly maxAgeMs: number;
  /** Whether the page's scripts, such as a pixel, may read it. */
  readonly isForScripts: boolean;
}

/** Who is there, as far as consent lets us know. */
export interface KnownVisitor {
  readonly visitorId?: string;
  /** When the session began, in Unix seconds, as GA4 counts sessions. */
  readonly sessionId?: string;
}

export interface Visit extends KnownVisitor {
  readonly isNewSession: boolean;
  /** What the platforms' cookies hold after this answer. */
  readonly clickIds: ClickIds;
  readonly changes: readonly CookieChange[];
}

/** What of a request a visit is recognised by. */
export interface VisitSource {
  readonly cookies: Readonly<Record<string, string | undefined>>;
  readonly fbclid: string | undefined;
  readonly ttclid: string | undefined;
  /** Number of dots in the cookies' domain; Meta writes it into its cookies. */
  readonly subdomainIndex: number;
}

const DAY_MS = 24 * 3_600_000;
/** As the pixels keep theirs. */
const META_COOKIE_MS = 90 * DAY_MS;
const TIKTOK_COOKIE_MS = 30 * DAY_MS;
const VISITOR_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/**
 * What a browser is given to keep: printable, and short enough that no link can fill its requests with more than
 * servers take. A longer click ID still goes out with the event of its landing.
 */
const KEPT_VALUE = /^[\x21-\x7e]{1,1500}$/;

/** Who the cookies say is there, unless that was refused. Writes nothing. */
export function recallVisitor(
  cookies: VisitSource['cookies'],
  consent: ConsentState | undefined,
  { cookieName, sessionCookieName, sessionIdleMs }: VisitorSettings,
  nowMs: number,
): KnownVisitor {
  const visitorId = cookies[cookieName];
  if (consent === 'denied' || visitorId === undefined || !VISITOR_ID.test(visitorId)) return {};
  const session = readSession(cookies[sessionCookieName], sessionIdleMs, nowMs);
  return session === undefined ? { visitorId } : { visitorId, sessionId: session.id };
}

/**
 * Recognises the visitor and says which cookies to write: none without a consent that was given, and those
 * that are there are taken away where it was refused. Pure but for the randomness of new IDs.
 */
export function recognizeVisit(
  source: VisitSource,
  consent: StorageConsent,
  settings: VisitorSettings,
  nowMs: number,
): Visit {
  const changes: CookieChange[] = [];
  const identity = identityOf(source, consent.analyticsStorage, settings, nowMs, changes);
  const clickIds = settings.platformCookies
    ? platformIds(source, consent.adStorage, nowMs, changes)
    : {};
  return { ...identity, clickIds, changes };
}

function identityOf(
  { cookies }: VisitSource,
  consent: ConsentState | undefined,
  settings: VisitorSettings,
  nowMs: number,
  changes: CookieChange[],
): KnownVisitor & Pick<Visit, 'isNewSession'> {
  const { cookieName, sessionCookieName, ttlMs, sessionIdleMs } = settings;
  const known = recallVisitor(cookies, consent, settings, nowMs);
  if (consent !== 'granted') {
    if (consent === 'denied') takeAway([cookieName, sessionCookieName], cookies, false, changes);
    return { ...known, isNewSession: false };
  }
  // A session is one visitor's: whose ID is lost begins another.
  const isNewSession = known.sessionId === undefined;
  const session =
    (isNewSession ? undefined : readSession(cookies[sessionCookieName], sessionIdleMs, nowMs)) ??
    newSession(nowMs);
  const visitorId = known.visitorId ?? randomUUID();
  if (isNewSession)
    changes.push({ name: cookieName, value: visitorId, maxAgeMs: ttlMs, isForScripts: false });
  if (isNewSession || isStale(session, sessionIdleMs, nowMs))
    changes.push({
      name: sessionCookieName,
      value: sessionCookie(session, nowMs),
      maxAgeMs: sessionIdleMs,
      isForScripts: false,
    });
  return { visitorId, sessionId: session.id, isNewSession };
}

function platformIds(
  { cookies, fbclid, ttclid, subdomainIndex }: VisitSource,
  consent: ConsentState | undefined,
  nowMs: number,
  changes: CookieChange[],
): ClickIds {
  if (consent !== 'granted') {
    // Nobody can tell ours from a pixel's, and a refusal means both.
    if (consent === 'denied') takeAway(['_fbc', '_fbp', 'ttclid'], cookies, true, changes);
    return {};
  }
  const clickIds: ClickIds = {};
  const keep = (
    id: 'fbc' | 'fbp' | 'ttclid',
    name: string,
    value: string | undefined,
    maxAgeMs: number,
  ) => {
    if (value === undefined || value === '') return;
    clickIds[id] = value;
    if (value === cookies[name] || !KEPT_VALUE.test(value)) return;
    changes.push({ name, value, maxAgeMs, isForScripts: true });
  };
  const newFbp = () => `fb.${subdomainIndex}.${nowMs}.${randomInt(1, 2_147_483_647)}`;
  keep('fbc', '_fbc', chooseFbc(cookies._fbc, fbclid, nowMs, subdomainIndex), META_COOKIE_MS);
  keep('fbp', '_fbp', chooseFbp(cookies._fbp) ?? newFbp(), META_COOKIE_MS);
  keep('ttclid', 'ttclid', ttclid, TIKTOK_COOKIE_MS);
  return clickIds;
}

function takeAway(
  names: readonly string[],
  cookies: VisitSource['cookies'],
  isForScripts: boolean,
  changes: CookieChange[],
): void {
  for (const name of names)
    if (cookies[name] !== undefined)
      changes.push({ name, value: undefined, maxAgeMs: 0, isForScripts });
}
