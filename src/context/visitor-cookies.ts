import { serialize } from 'cookie';

import type { Consent } from '../events/consent';
import { header, origin, requestParts, type RequestParts } from './request-parts';
import type { RequestReader } from './request-reader';
import {
  recognizeVisit,
  type CookieChange,
  type StorageConsent,
  type Visit,
  type VisitorSettings,
} from './visit';

export interface VisitorCookieSettings extends VisitorSettings {
  /** `auto`: the registrable domain, so that all of a shop's subdomains share the visitor. */
  readonly domain: string;
  readonly sameSite: 'lax' | 'strict' | 'none';
  /** `auto`: where the visitor came by https. */
  readonly secure: boolean | 'auto';
}

/** What an answer can do, by shape: one of Express, of `node:http`, or a reply of Fastify. */
export interface OutgoingResponse {
  readonly headersSent?: boolean | undefined;
  readonly sent?: boolean | undefined;
  appendHeader?(name: string, value: string): unknown;
  header?(name: string, value: string): unknown;
}

/** What a browser asks for when somebody is there. Parts of a page (images, scripts) are no visit, and cached. */
const VISITS: readonly (string | undefined)[] = [
  'document',
  'iframe',
  'frame',
  'empty', // fetch
  undefined, // a browser without fetch metadata
];
const HOST_NAME = /^[a-z\d_-]+(?:\.[a-z\d_-]+)*$/i;

/** Recognises visitors by first-party cookies and keeps these cookies. */
export class VisitorCookies {
  constructor(
    private readonly settings: VisitorCookieSettings,
    private readonly reader: Pick<RequestReader, 'isPeerTrusted' | 'clickIdInUrl'>,
    /** By the public suffix list; loaded for those alone who need it. */
    private readonly registrableDomain: (host: string) => string | null,
  ) {}

  /**
   * Recognises the visitor, and writes cookies to the response as far as consent was given. Never throws.
   *
   * @param written what was written to this response before.
   * @returns `undefined` for what is no visit, such as a request for a part of a page, and where nothing can be
   *   written any more.
   */
  greet(
    request: object,
    response: OutgoingResponse,
    consent: Consent | undefined,
    nowMs: number,
    written: readonly CookieChange[] = [],
  ): Visit | undefined {
    try {
      const parts = requestParts(request);
      if (parts === undefined || isSent(response) || !isVisit(parts)) return undefined;
      const { scheme, host } = origin(parts, this.reader.isPeerTrusted(parts));
      const name = host?.replace(/:\d{1,5}$/, '');
      const domain = name === undefined ? undefined : this.domainOf(name);
      const visit = recognizeVisit(
        {
          cookies: withWritten(parts.cookies, written),
          fbclid: this.reader.clickIdInUrl(parts, 'fbclid'),
          ttclid: this.reader.clickIdInUrl(parts, 'ttclid'),
          // Made for one host alone, such as `localhost`, it is what Meta has servers write.
          subdomainIndex: domain === undefined ? 1 : domain.split('.').length - 1,
        },
        storageConsent(consent),
        this.settings,
        nowMs,
      );
      const cookies = visit.changes.map((change) =>
        this.cookieOf(change, domain, scheme === 'https'),
      );
      for (const cookie of cookies) append(response, cookie);
      return visit;
    } catch {
      // A request is whatever a stranger sent; the visitor stays unknown.
      return undefined;
    }
  }

  private cookieOf(
    { name, value, maxAgeMs, isForScripts }: CookieChange,
    domain: string | undefined,
    isHttps: boolean,
  ): string {
    const { sameSite, secure } = this.settings;
    return serialize(name, value ?? '', {
      path: '/',
      domain,
      maxAge: Math.floor(maxAgeMs / 1_000),
      httpOnly: !isForScripts,
      sameSite,
      secure: secure === 'auto' ? isHttps : secure,
      // Click IDs are kept as they came, for pixels that compare them.
      encode: isForScripts ? plainOrEncoded : undefined,
    });
  }

  /** `undefined`: the host alone, as for an address, `localhost`, or a host beside the domain that was set. */
  private domainOf(host: string): string | undefined {
    if (!HOST_NAME.test(host)) return undefined;
    const { domain } = this.settings;
    if (domain === 'auto') return this.registrableDomain(host) ?? undefined;
    return `.${host.toLowerCase()}`.endsWith(`.${domain}`) ? domain : undefined;
  }
}

function isSent({ headersSent, sent }: OutgoingResponse): boolean {
  return headersSent === true || sent === true;
}

/** A page that is fetched ahead may never be seen. */
function isVisit(parts: RequestParts): boolean {
  const isAhead = ['sec-purpose', 'purpose', 'x-moz'].some(
    (name) => header(parts, name)?.startsWith('prefetch') === true,
  );
  return !isAhead && VISITS.includes(header(parts, 'sec-fetch-dest'));
}

/** Who refused sale and sharing gets no new cookie that an ad platform shares; storage is not refused by that. */
function storageConsent({
  analyticsStorage,
  adStorage,
  saleOptOut,
  gpc,
}: Consent = {}): StorageConsent {
  const isOptedOut = saleOptOut === true || gpc === true;
  return {
    analyticsStorage,
    adStorage: isOptedOut && adStorage === 'granted' ? 'unknown' : adStorage,
  };
}

function withWritten(
  cookies: RequestParts['cookies'],
  written: readonly CookieChange[],
): RequestParts['cookies'] {
  if (written.length === 0) return cookies;
  return { ...cookies, ...Object.fromEntries(written.map(({ name, value }) => [name, value])) };
}

function plainOrEncoded(value: string): string {
  return /^[\w.~!$&'()*+/:=?@^`{|}-]*$/.test(value) ? value : encodeURIComponent(value);
}

function append(response: OutgoingResponse, cookie: string): void {
  // Fastify's replies have `header`, which keeps every cookie; Express' `header` would replace them.
  if (typeof response.appendHeader === 'function') response.appendHeader('Set-Cookie', cookie);
  else response.header?.('set-cookie', cookie);
}
