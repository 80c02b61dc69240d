import type { ClickIdSource } from '../events/click-id-source';
import type { Consent } from '../events/consent';
import type { ClickIds, RequestContext } from '../events/request-context';
import { clientIp, type IsTrusted } from './client-ip';
import { cookieValues } from './cookies';
import { readGaClientId, readGaSessionId } from './ga-cookies';
import { chooseFbc, chooseFbp } from './meta-cookies';
import { header, origin, requestParts, type RequestParts } from './request-parts';
import type { KnownVisitor } from './visit';

const MAX_CLICK_ID_LENGTH = 4_096;
const MAX_URL_LENGTH = 4_096;
const MAX_USER_AGENT_LENGTH = 1_024;
const MAX_GA_STREAMS = 10;

export interface RequestReaderOptions {
  readonly isTrusted: IsTrusted;
  readonly ipHeaders: readonly string[];
  readonly clickIds: readonly ClickIdSource[];
  /** What the cookies of consent tools say, and the browser's own signal. */
  readonly readConsent?: (cookies: RequestParts['cookies'], isGpc: boolean) => Consent | undefined;
  /** Whom our own cookies know, as far as that consent lets us. */
  readonly recallVisitor?: (
    cookies: RequestParts['cookies'],
    consent: Consent | undefined,
    nowMs: number,
  ) => KnownVisitor;
}

/** Reads what a request can tell, without ever throwing: a hostile request tells less, and no more. */
export class RequestReader {
  constructor(private readonly options: RequestReaderOptions) {}

  /** @param nowMs the time at which a click in the URL counts as first seen. */
  read(request: unknown, nowMs: number): RequestContext {
    const parts = tryRead(() => requestParts(request));
    if (parts === undefined) return {};
    const context: RequestContext = {};
    const page = tryRead(() => readPage(parts, this.isPeerTrusted(parts))) ?? {};
    context.ip = this.ip(parts);
    context.userAgent = userAgent(parts);
    context.url = page.url;
    context.referrer = page.referrer;
    context.language = tryRead(() => language(parts));
    context.clickIds = tryRead(() => this.clickIds(parts, page, nowMs));
    context.gaClientId = tryRead(() => gaClientId(parts));
    context.gaSessions = tryRead(() => gaSessions(parts));
    if (isGpc(parts)) context.gpc = true;
    const consent = this.consentOf(parts);
    context.consent = consent;
    const known = tryRead(() => this.options.recallVisitor?.(parts.cookies, consent, nowMs));
    return withoutEmpty({ ...context, ...known });
  }

  /** What the request says of consent. */
  consent(request: unknown): Consent | undefined {
    const parts = tryRead(() => requestParts(request));
    return parts && this.consentOf(parts);
  }

  clientIp(request: unknown): string | undefined {
    const parts = tryRead(() => requestParts(request));
    return parts && this.ip(parts);
  }

  userAgent(request: unknown): string | undefined {
    const parts = tryRead(() => requestParts(request));
    return parts && userAgent(parts);
  }

  private consentOf(parts: RequestParts): Consent | undefined {
    return tryRead(() => this.options.readConsent?.(parts.cookies, isGpc(parts)));
  }

  private ip(parts: RequestParts): string | undefined {
    return tryRead(() => clientIp(parts, this.options.isTrusted, this.options.ipHeaders));
  }

  isPeerTrusted(parts: RequestParts): boolean {
    const peer = parts.socket?.remoteAddress;
    return typeof peer === 'string' && this.options.isTrusted(peer, 0);
  }

  /** A query parameter of the request, else of the page that it belongs to. May throw on a hostile request. */
  clickIdInUrl(parts: RequestParts, name: string): string | undefined {
    return clickIdsIn(parts, readPage(parts, this.isPeerTrusted(parts)))(name);
  }

  private clickIds(parts: RequestParts, page: Page, nowMs: number): ClickIds | undefined {
    const inQuery = clickIdsIn(parts, page);
    const found: Record<string, string | undefined> = {
      fbc: chooseFbc(parts.cookies._fbc, inQuery('fbclid'), nowMs),
      fbp: chooseFbp(parts.cookies._fbp),
    };
    for (const source of this.options.clickIds) {
      const id =
        (source.query !== undefined ? inQuery(source.query) : undefined) ??
        fromCookies(parts, source);
      if (id !== undefined && id.length <= MAX_CLICK_ID_LENGTH) found[source.name] = id;
    }
    return withoutEmpty(found);
  }
}

interface Page {
  readonly url?: string;
  readonly referrer?: string;
  /** A click ID may still stand in the URL of the page before, if that was the same site. */
  readonly sameSiteReferrer?: string;
}

/**
 * The page that the visitor sees: the requested URL when the browser loads a page, the referrer when a
 * page calls an API.
 */
function readPage(parts: RequestParts, isPeerTrusted: boolean): Page {
  const referrer = webUrl(header(parts, 'referer'));
  if (!isPageLoad(parts)) return { url: referrer, referrer: undefined };
  const { scheme, host } = origin(parts, isPeerTrusted);
  const url = host === undefined ? undefined : webUrl(`${scheme}://${host}${parts.target ?? '/'}`);
  const isSameSite =
    referrer !== undefined && url !== undefined && new URL(referrer).host === new URL(url).host;
  return { url, referrer, sameSiteReferrer: isSameSite ? referrer : undefined };
}

function clickIdsIn(parts: RequestParts, page: Page): (name: string) => string | undefined {
  const pageQueries = [page.url, page.sameSiteReferrer].map(queryOfUrl);
  return (name) =>
    [parts.query, ...pageQueries]
      .map((query) => query?.get(name))
      .find((value) => value != null && value !== '') ?? undefined;
}

function isPageLoad(parts: RequestParts): boolean {
  if (parts.method !== 'GET' && parts.method !== 'HEAD') return false;
  const destination = header(parts, 'sec-fetch-dest');
  if (destination !== undefined) return destination === 'document';
  return header(parts, 'accept')?.includes('text/html') ?? false;
}

function webUrl(text: string | undefined): string | undefined {
  if (text === undefined || text.length > MAX_URL_LENGTH || !/^https?:\/\//i.test(text))
    return undefined;
  return URL.canParse(text) ? text : undefined;
}

function queryOfUrl(url: string | undefined): URLSearchParams | undefined {
  return url?.includes('?') === true ? new URL(url).searchParams : undefined;
}

function fromCookies(parts: RequestParts, source: ClickIdSource): string | undefined {
  for (const name of source.cookies ?? []) {
    const value = parts.cookies[name];
    if (value === undefined || value === '') continue;
    const id = source.fromCookie === undefined ? value : source.fromCookie(value);
    if (id !== undefined && id !== '') return id;
  }
  return undefined;
}

function gaClientId(parts: RequestParts): string | undefined {
  const first = parts.cookies._ga;
  if (first === undefined) return undefined;
  const id = readGaClientId(first);
  if (id !== undefined) return id;
  return cookieValues(header(parts, 'cookie') ?? '', '_ga')
    .map(readGaClientId)
    .find((other) => other !== undefined);
}

function gaSessions(parts: RequestParts): Record<string, string> | undefined {
  const sessions: Record<string, string> = {};
  let count = 0;
  for (const name in parts.cookies) {
    if (!name.startsWith('_ga_') || count >= MAX_GA_STREAMS) continue;
    const id = readGaSessionId(parts.cookies[name] ?? '');
    if (id === undefined) continue;
    sessions[name.slice('_ga_'.length)] = id;
    count += 1;
  }
  return count > 0 ? sessions : undefined;
}

function isGpc(parts: RequestParts): boolean {
  return tryRead(() => header(parts, 'sec-gpc')) === '1';
}

function userAgent(parts: RequestParts): string | undefined {
  return tryRead(() => header(parts, 'user-agent'))?.slice(0, MAX_USER_AGENT_LENGTH);
}

function language(parts: RequestParts): string | undefined {
  return /^\s*([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3})\s*(?:[,;]|$)/.exec(
    header(parts, 'accept-language') ?? '',
  )?.[1];
}

/** A request is whatever a stranger sent; one field that cannot be read costs that field only. */
function tryRead<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function withoutEmpty<T extends object>(fields: T): T {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields) as [string, unknown][]) {
    if (value === undefined) continue;
    if (name === 'clickIds' && Object.keys(value as object).length === 0) continue;
    kept[name] = value;
  }
  return kept as T;
}
