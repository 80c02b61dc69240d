import { tiktokDestination } from '../destinations/tiktok/tiktok.destination';
import { CLICK_ID_SOURCES } from './click-id-sources';
import { compileTrust } from './client-ip';
import { RequestReader } from './request-reader';

const NOW = 1_760_000_000_000;
const reader = new RequestReader({
  isTrusted: compileTrust('loopback'),
  ipHeaders: [],
  clickIds: [...CLICK_ID_SOURCES, ...(tiktokDestination.clickIds ?? [])],
});

const COOKIES = [
  '_fbp=fb.1.1759990000000.1098115397',
  '_fbc=fb.1.1759990000000.IwAR0abcDEF.AQQCAQIB',
  '_ttp=2F7h37YkS1j57AYSKTI7IHhJPYH',
  '_ga=GA1.1.1162820436.1749482504',
  '_ga_ABC123=GS1.1.1746825440.14.0.1746825440.0.0.295082955',
  '_ga_XYZ789=GS2.1.s1747132561%24o1%24g0',
  '_gcl_aw=GCL.1759990000.Cj0KCQ.with.dots',
].join('; ');

function page(url: string, headers: Record<string, string> = {}) {
  return {
    method: 'GET',
    url,
    headers: { host: 'shop.example.com', accept: 'text/html', ...headers },
    socket: { remoteAddress: '198.51.100.9', encrypted: true },
  };
}

describe('RequestReader', () => {
  it('reads everything that a landing page tells', () => {
    const context = reader.read(
      page(
        '/?fbclid=IwAR0abcDEF&ttclid=E.C.P.x&gclid=Cj1&msclkid=m1&ScCid=s1&epik=e1&rdt_cid=r1&li_fat_id=l1&wbraid=w1&gbraid=g1',
        {
          cookie: COOKIES,
          'user-agent': 'Mozilla/5.0',
          referer: 'https://www.google.com/',
          'accept-language': 'de-CH,de;q=0.9',
          'sec-gpc': '1',
        },
      ),
      NOW,
    );
    expect(context).toEqual({
      ip: '198.51.100.9',
      userAgent: 'Mozilla/5.0',
      url: 'https://shop.example.com/?fbclid=IwAR0abcDEF&ttclid=E.C.P.x&gclid=Cj1&msclkid=m1&ScCid=s1&epik=e1&rdt_cid=r1&li_fat_id=l1&wbraid=w1&gbraid=g1',
      referrer: 'https://www.google.com/',
      language: 'de-CH',
      clickIds: {
        fbp: 'fb.1.1759990000000.1098115397',
        fbc: 'fb.1.1759990000000.IwAR0abcDEF.AQQCAQIB',
        ttclid: 'E.C.P.x',
        ttp: '2F7h37YkS1j57AYSKTI7IHhJPYH',
        gclid: 'Cj1',
        gbraid: 'g1',
        wbraid: 'w1',
        msclkid: 'm1',
        scCid: 's1',
        epik: 'e1',
        rdtCid: 'r1',
        liFatId: 'l1',
      },
      gaClientId: '1162820436.1749482504',
      gaSessions: { ABC123: '1746825440', XYZ789: '1747132561' },
      gpc: true,
    });
  });

  it('takes click IDs from cookies where the URL has none', () => {
    const { clickIds } = reader.read(page('/', { cookie: `${COOKIES}; ttclid=E.C.P.cookie` }), NOW);
    expect(clickIds).toMatchObject({ gclid: 'Cj0KCQ.with.dots', ttclid: 'E.C.P.cookie' });
  });

  it('takes the page of an API call from its referrer, and the click IDs there', () => {
    const request = {
      method: 'POST',
      url: '/auth/register',
      headers: {
        host: 'api.example.com',
        referer: 'https://shop.example.com/signup?fbclid=FromPage&ttclid=E.C.P.page',
      },
      socket: { remoteAddress: '198.51.100.9' },
    };
    expect(reader.read(request, NOW)).toMatchObject({
      url: 'https://shop.example.com/signup?fbclid=FromPage&ttclid=E.C.P.page',
      clickIds: { fbc: `fb.1.${NOW}.FromPage`, ttclid: 'E.C.P.page' },
    });
  });

  it('prefers the query of the request itself', () => {
    const request = {
      method: 'POST',
      url: '/auth/register?fbclid=FromQuery',
      headers: { referer: 'https://shop.example.com/signup?fbclid=FromPage' },
    };
    expect(reader.read(request, NOW).clickIds?.fbc).toBe(`fb.1.${NOW}.FromQuery`);
  });

  it('takes a click from the page before only if that was the same site', () => {
    const same = reader.read(
      page('/b', { referer: 'https://shop.example.com/a?ttclid=E.C.P.before' }),
      NOW,
    );
    const other = reader.read(
      page('/b', { referer: 'https://other.example.com/a?ttclid=E.C.P.before' }),
      NOW,
    );
    expect(same.clickIds?.ttclid).toBe('E.C.P.before');
    expect(other.clickIds).toBeUndefined();
  });

  it('believes forwarded scheme and host from a trusted proxy only', () => {
    const headers = {
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'www.example.com',
      'x-forwarded-for': '203.0.113.7',
    };
    const behindProxy = { ...page('/a', headers), socket: { remoteAddress: '127.0.0.1' } };
    const stranger = { ...page('/a', headers), socket: { remoteAddress: '198.51.100.9' } };
    expect(reader.read(behindProxy, NOW)).toMatchObject({
      url: 'https://www.example.com/a',
      ip: '203.0.113.7',
    });
    expect(reader.read(stranger, NOW)).toMatchObject({
      url: 'http://shop.example.com/a',
      ip: '198.51.100.9',
    });
  });

  it('finds the _ga cookie that parses among several', () => {
    const cookie = '_ga=broken; _ga=GA1.2.111.222';
    expect(reader.read(page('/', { cookie }), NOW).gaClientId).toBe('111.222');
  });

  it.each<[string, unknown]>([
    [
      'a Fastify request',
      {
        raw: page('/?ttclid=T'),
        headers: page('/').headers,
        url: '/?ttclid=T',
        method: 'GET',
        query: { ttclid: 'T' },
      },
    ],
    [
      'an Express request',
      { ...page('/'), url: '/', originalUrl: '/?ttclid=T', query: { ttclid: 'T' } },
    ],
    ['a raw Node request', page('/?ttclid=T')],
    ['a parsed query alone', { headers: {}, query: { ttclid: 'T' } }],
    ['a parsed cookie alone', { headers: {}, cookies: { ttclid: 'T' } }],
    ['a GraphQL context', { req: page('/?ttclid=T') }],
    ['a Fastify GraphQL context', { request: page('/?ttclid=T') }],
    ['an HTTP ExecutionContext', executionContext([page('/?ttclid=T'), {}])],
    ['a GraphQL ExecutionContext', executionContext([undefined, {}, { req: page('/?ttclid=T') }])],
  ])('reads %s', (_name, request) => {
    expect(reader.read(request, NOW).clickIds?.ttclid).toBe('T');
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['text', 'request'],
    ['an empty object', {}],
    [
      'headers that throw',
      {
        get headers() {
          throw new Error('no');
        },
      },
    ],
    [
      'a header getter that throws',
      {
        headers: {
          get cookie(): string {
            throw new Error('no');
          },
        },
      },
    ],
    [
      'a proxy that throws at everything',
      new Proxy(
        {},
        {
          get() {
            throw new Error('no');
          },
        },
      ),
    ],
    ['a query of objects', { headers: {}, query: { ttclid: { a: 1 }, fbclid: [1] } }],
    [
      'a URL that cannot be',
      { headers: { host: '%%%', accept: 'text/html' }, method: 'GET', url: '//%%?%%' },
    ],
    ['a huge URL', { headers: {}, url: `/?ttclid=${'a'.repeat(1_000_000)}` }],
    ['a huge cookie', { headers: { cookie: `ttclid=${'a'.repeat(1_000_000)}` } }],
    ['a context that refers to itself', circular()],
  ])('never throws at %s', (_name, request) => {
    const context = reader.read(request, NOW);
    expect(context.clickIds?.ttclid).toBeUndefined();
    expect(() => reader.clientIp(request)).not.toThrow();
    expect(() => reader.userAgent(request)).not.toThrow();
  });
});

function executionContext(args: unknown[]) {
  return { getArgByIndex: (index: number) => args[index], switchToHttp: () => undefined };
}

function circular(): unknown {
  const context: Record<string, unknown> = {};
  context.req = context;
  return context;
}
