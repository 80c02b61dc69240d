import type { ClickIdSource } from '../events/click-id-source';
import type { ClickIds, RequestContext } from '../events/request-context';
import { clientIp, type IsTrusted } from './client-ip';
import { cookieValues } from './cookies';
import { readGaClientId, readGaSessionId } from './ga-cookies';
import { chooseFbc, chooseFbp } from './meta-cookies';
import { header, requestParts, type RequestParts } from './request-parts';

const MAX_CLICK_ID_LENGTH = 4_096;
const MAX_URL_LENGTH = 4_096;
const MAX_USER_AGENT_LENGTH = 1_024;
const MAX_GA_STREAMS = 10;

export interface RequestReaderOptions {
  readonly isTrusted: IsTrusted;
  readonly ipHeaders: readonly string[];
  readonly clickIds: readonly ClickIdSource[];
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
    if (tryRead(() => header(parts, 'sec-gpc')) === '1') context.gpc = true;
    return withoutEmpty(context);
  }

  clientIp(request: unknown): string | undefined {
    const parts = tryRead(() => requestParts(request));
    return parts && this.ip(parts);
  }

  userAgent(request: unknown): string | undefined {
    const parts = tryRead(() => requestParts(request));
    return parts && userAgent(parts);
  }

  private ip(parts: RequestParts): string | undefined {
    return tryRead(() => clientIp(parts, this.options.isTrusted, this.options.ipHeaders));
  }

  private isPeerTrusted(parts: RequestParts): boolean {
    const peer = parts.socket?.remoteAddress;
    return typeof peer === 'string' && this.options.isTrusted(peer, 0);
  }

  private clickIds(parts: RequestParts, page: Page, nowMs: number): ClickIds | undefined {
    const pageQueries = [page.url, page.sameSiteReferrer].map(queryOfUrl);
    const inQuery = (name: string): string | undefined => {
      const own = parts.query.get(name);
      if (own !== null && own !== '') return own;
      return (
        pageQueries
          .map((query) => query?.get(name))
          .find((value) => value != null && value !== '') ?? undefined
      );
    };
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
 * page calls an API. Scheme and host are believed from `X-Forwarded-*` of a trusted peer only.
 */
function readPage(parts: RequestParts, isPeerTrusted: boolean): Page {
  const referrer = webUrl(header(parts, 'referer'));
  if (!isPageLoad(parts)) return { url: referrer, referrer: undefined };
  const forwarded = (name: string) =>
    isPeerTrusted ? header(parts, name)?.split(',')[0]?.trim() : undefined;
  const scheme =
    forwarded('x-forwarded-proto') ?? (parts.socket?.encrypted === true ? 'https' : 'http');
  const host = forwarded('x-forwarded-host') ?? header(parts, 'host');
  const url = host === undefined ? undefined : webUrl(`${scheme}://${host}${parts.target ?? '/'}`);
  const isSameSite =
    referrer !== undefined && url !== undefined && new URL(referrer).host === new URL(url).host;
  return { url, referrer, sameSiteReferrer: isSameSite ? referrer : undefined };
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
