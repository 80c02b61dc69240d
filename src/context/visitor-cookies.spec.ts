import fc from 'fast-check';
import { getDomain } from 'tldts';

import type { Consent } from '../events/consent';
import { compileTrust } from './client-ip';
import { RequestReader } from './request-reader';
import { VisitorCookies, type VisitorCookieSettings } from './visitor-cookies';

const NOW = 1_760_000_000_000;
const ID = '0b1c2d3e-4f50-4161-8273-8495a6b7c8d9';
const FBP = 'fb.1.1759990000000.1098115397';
const KNOWN = `visitor_id=${ID}; visitor_session=1759999900.1759999990; _fbp=${FBP}`;
const SETTINGS: VisitorCookieSettings = {
  cookieName: 'visitor_id',
  sessionCookieName: 'visitor_session',
  ttlMs: 400 * 24 * 3_600_000,
  sessionIdleMs: 30 * 60_000,
  platformCookies: true,
  domain: 'auto',
  sameSite: 'lax',
  secure: 'auto',
};
const ALL: Consent = { analyticsStorage: 'granted', adStorage: 'granted' };
const ANALYTICS: Consent = { analyticsStorage: 'granted' };

interface Asked {
  readonly headers?: Record<string, string>;
  readonly url?: string;
  readonly isHttps?: boolean;
  readonly consent?: Consent;
  readonly settings?: Partial<VisitorCookieSettings>;
}

function cookiesFor({
  headers = {},
  url = '/',
  isHttps = true,
  consent = ANALYTICS,
  settings,
}: Asked) {
  const reader = new RequestReader({
    isTrusted: compileTrust('loopback'),
    ipHeaders: [],
    clickIds: [],
  });
  const visitors = new VisitorCookies({ ...SETTINGS, ...settings }, reader, (host) =>
    getDomain(host, { allowPrivateDomains: true }),
  );
  const written: string[] = [];
  const request = {
    method: 'GET',
    url,
    headers: { host: 'shop.example.com', accept: 'text/html', ...headers },
    socket: { remoteAddress: '127.0.0.1', encrypted: isHttps },
  };
  const response = {
    appendHeader: (name: string, value: string) => {
      written.push(`${name}: ${value}`);
    },
  };
  const visit = visitors.greet(request, response, consent, NOW);
  return { visit, written };
}

/** The attributes of the first cookie, without its name, value and age. */
function attributesOf(asked: Asked): string {
  return (cookiesFor(asked).written[0] ?? '').replace(/^Set-Cookie: [^;]*; Max-Age=\d+; /, '');
}

describe('cookies of a visit', () => {
  it('are written byte for byte', () => {
    const { visit, written } = cookiesFor({
      consent: ALL,
      url: '/?fbclid=IwAR0abcDEF&ttclid=E.C.P.example',
    });
    expect(written).toEqual([
      `Set-Cookie: visitor_id=${visit?.visitorId}; Max-Age=34560000; Domain=example.com; Path=/; HttpOnly; Secure; SameSite=Lax`,
      'Set-Cookie: visitor_session=1760000000.1760000000; Max-Age=1800; Domain=example.com; Path=/; HttpOnly; Secure; SameSite=Lax',
      'Set-Cookie: _fbc=fb.1.1760000000000.IwAR0abcDEF; Max-Age=7776000; Domain=example.com; Path=/; Secure; SameSite=Lax',
      `Set-Cookie: _fbp=${visit?.clickIds.fbp}; Max-Age=7776000; Domain=example.com; Path=/; Secure; SameSite=Lax`,
      'Set-Cookie: ttclid=E.C.P.example; Max-Age=2592000; Domain=example.com; Path=/; Secure; SameSite=Lax',
    ]);
  });

  it('are taken away where they were put', () => {
    const { visit, written } = cookiesFor({
      headers: { cookie: KNOWN },
      consent: { analyticsStorage: 'denied', adStorage: 'denied' },
    });
    expect(visit?.visitorId).toBeUndefined();
    expect(written).toEqual([
      'Set-Cookie: visitor_id=; Max-Age=0; Domain=example.com; Path=/; HttpOnly; Secure; SameSite=Lax',
      'Set-Cookie: visitor_session=; Max-Age=0; Domain=example.com; Path=/; HttpOnly; Secure; SameSite=Lax',
      'Set-Cookie: _fbp=; Max-Age=0; Domain=example.com; Path=/; Secure; SameSite=Lax',
    ]);
  });

  it.each<[string, string, string]>([
    ['a subdomain', 'shop.example.com', 'example.com'],
    ['two public labels', 'www.shop.example.co.uk:8443', 'example.co.uk'],
    ['a host at a private suffix', 'shop.github.io', 'shop.github.io'],
    ['a private suffix', 'github.io', ''],
    ['a public suffix', 'co.uk', ''],
    ['capitals', 'SHOP.Example.COM', 'example.com'],
    ['localhost', 'localhost:3000', ''],
    ['a host of one label', 'intranet', ''],
    ['an IPv4 address', '127.0.0.1:3000', ''],
    ['an IPv6 address', '[::1]:3000', ''],
    ['the root’s dot', 'shop.example.com.', ''],
    ['an injected header', 'evil.com\r\nSet-Cookie: a=b', ''],
    ['an injected attribute', 'a;b.com', ''],
    ['a user before the host', 'user@example.com', ''],
    ['a path behind the host', 'example.com/path', ''],
    ['other alphabets', 'münchen.de', ''],
  ])('share the domain of %s: %j', (_what, host, domain) => {
    const expected = domain === '' ? '' : `Domain=${domain}; `;
    expect(attributesOf({ headers: { host } })).toBe(
      `${expected}Path=/; HttpOnly; Secure; SameSite=Lax`,
    );
  });

  it.each<[string, string, string, string]>([
    ['the domain that was set', 'example.com', 'www.example.com', 'Domain=example.com; '],
    ['this domain itself', 'example.com', 'example.com', 'Domain=example.com; '],
    ['the host alone beside it', 'example.com', 'localhost:3000', ''],
    ['the host alone at a like name', 'example.com', 'badexample.com', ''],
  ])('are for %s', (_what, domain, host, expected) => {
    expect(attributesOf({ headers: { host }, settings: { domain } })).toBe(
      `${expected}Path=/; HttpOnly; Secure; SameSite=Lax`,
    );
  });

  it.each<[string, Asked, string]>([
    ['not secure by http', { isHttps: false }, 'HttpOnly; SameSite=Lax'],
    [
      'secure where a trusted proxy came by https',
      { isHttps: false, headers: { 'x-forwarded-proto': 'https' } },
      'HttpOnly; Secure; SameSite=Lax',
    ],
    [
      'secure where that was asked for',
      { isHttps: false, settings: { secure: true } },
      'HttpOnly; Secure; SameSite=Lax',
    ],
    [
      'insecure where that was asked for',
      { settings: { secure: false } },
      'HttpOnly; SameSite=Lax',
    ],
    ['strict', { settings: { sameSite: 'strict' } }, 'HttpOnly; Secure; SameSite=Strict'],
    [
      'for other sites too',
      { settings: { sameSite: 'none', secure: true } },
      'HttpOnly; Secure; SameSite=None',
    ],
  ])('are %s', (_what, asked, attributes) => {
    expect(attributesOf(asked)).toBe(`Domain=example.com; Path=/; ${attributes}`);
  });

  it.each<[string, string, string]>([
    ['shop.example.com', 'example.com', 'fb.1.'],
    ['shop.example.co.uk', 'example.co.uk', 'fb.2.'],
    ['localhost:3000', 'one host', 'fb.1.'],
    ['127.0.0.1', 'one host', 'fb.1.'],
  ])('at %s are Meta’s for %s', (host, _domain, start) => {
    const { visit } = cookiesFor({ headers: { host }, consent: { adStorage: 'granted' } });
    expect(visit?.clickIds.fbp?.startsWith(start)).toBe(true);
  });

  it('keep a click as it came where a cookie may hold it, and encoded where not', () => {
    const ofClick = (query: string) =>
      cookiesFor({
        url: `/?${query}`,
        headers: { cookie: `_fbp=${FBP}` },
        consent: { adStorage: 'granted' },
      }).written.map((cookie) => cookie.split(';')[0]);
    expect(ofClick('ttclid=E.C.P.Ab_c-D%2B%2F%3D')).toEqual(['Set-Cookie: ttclid=E.C.P.Ab_c-D+/=']);
    expect(ofClick('ttclid=a%3Bb%2Cc%22')).toEqual(['Set-Cookie: ttclid=a%3Bb%2Cc%22']);
    expect(ofClick('fbclid=a%0D%0ASet-Cookie:%20b=c')).toEqual([]);
  });

  it('know the click of the page whose script asks', () => {
    const { written } = cookiesFor({
      headers: {
        cookie: `_fbp=${FBP}`,
        accept: '*/*',
        'sec-fetch-dest': 'empty',
        referer: 'https://www.example.com/?fbclid=IwAR0abcDEF',
      },
      consent: { adStorage: 'granted' },
    });
    expect(written).toEqual([expect.stringContaining('_fbc=fb.1.1760000000000.IwAR0abcDEF;')]);
  });
});

describe('no cookie is written', () => {
  it.each<[string, Asked]>([
    ['without any word of consent', { consent: {} }],
    [
      'where consent is unknown',
      { consent: { analyticsStorage: 'unknown', adStorage: 'unknown' } },
    ],
    ['where it was refused', { consent: { analyticsStorage: 'denied', adStorage: 'denied' } }],
    [
      'for ads where sale was refused',
      { consent: { adStorage: 'granted', saleOptOut: true }, url: '/?fbclid=a&ttclid=b' },
    ],
    ['for ads where the browser refuses sale', { consent: { adStorage: 'granted', gpc: true } }],
    [
      'or taken away where sale alone was refused',
      { consent: { adStorage: 'granted', gpc: true }, headers: { cookie: `_fbp=${FBP}` } },
    ],
    ['with an image', { headers: { 'sec-fetch-dest': 'image' } }],
    ['with a script', { headers: { 'sec-fetch-dest': 'script' } }],
    ['with a worker', { headers: { 'sec-fetch-dest': 'serviceworker' } }],
    ['with a page that is fetched ahead', { headers: { 'sec-purpose': 'prefetch;prerender' } }],
    ['with a page that Safari fetches ahead', { headers: { purpose: 'prefetch' } }],
  ])('%s', (_what, asked) => {
    expect(cookiesFor(asked).written).toEqual([]);
  });

  it.each([{ headersSent: true }, { sent: true }])('behind an answer that is sent: %j', (state) => {
    const visitors = new VisitorCookies(
      SETTINGS,
      { isPeerTrusted: () => false, clickIdInUrl: () => undefined },
      () => null,
    );
    const response = {
      ...state,
      appendHeader: () => {
        throw new Error('sent');
      },
    };
    expect(visitors.greet({ headers: {} }, response, ALL, NOW)).toBeUndefined();
  });
});

describe('whatever a stranger sends', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 });
  it('becomes one cookie a line, without control characters, and no attribute', () => {
    let lines = 0;
    fc.assert(
      fc.property(text, text, text, text, (host, fbclid, ttclid, cookie) => {
        const query = new URLSearchParams({ fbclid, ttclid }).toString();
        const { written } = cookiesFor({
          url: `/?${query}`,
          headers: { host, cookie, referer: `https://${host}/?fbclid=${fbclid}` },
          consent: ALL,
        });
        lines += written.length;
        for (const line of written) {
          expect(line).toMatch(
            /^Set-Cookie: (?:visitor_id|visitor_session|_fbc|_fbp|ttclid)=[\x21-\x3a\x3c-\x7e]+; Max-Age=\d+;(?: Domain=[a-z\d.-]+;)? Path=\/;(?: HttpOnly;)? Secure; SameSite=Lax$/,
          );
        }
      }),
      { numRuns: 3_000 },
    );
    expect(lines).toBeGreaterThan(3_000);
  });
});
