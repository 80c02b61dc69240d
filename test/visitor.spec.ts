import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';

import { Controller, Get, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import {
  InvalidOptionsError,
  ServerTrackingService,
  TrackingContext,
  TrackingModule,
  type Consent,
  type IncomingRequest,
  type OutgoingResponse,
  type RequestContext,
  type TrackingModuleOptions,
} from 'nestjs-server-tracking';
import { FakeClock, PlatformStub } from 'nestjs-server-tracking/testing';

import { RecordingLogger } from './support/recording-logger';
import { PLATFORMS, startApp, type RunningApp } from './support/start-app';

const NOW = Date.UTC(2026, 0, 15, 10);
const SECONDS = NOW / 1_000;
const ID = '0b1c2d3e-4f50-4161-8273-8495a6b7c8d9';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const GRANTED: Consent = {
  analyticsStorage: 'granted',
  adStorage: 'granted',
  adUserData: 'granted',
  adPersonalization: 'granted',
};
const REFUSED: Consent = { analyticsStorage: 'denied', adStorage: 'denied' };

/** What OneTrust leaves with a person in Germany who answered. */
function oneTrust(analytics: 0 | 1, ads: 0 | 1): string {
  const groups = encodeURIComponent(`C0001:1,C0002:${analytics},C0004:${ads}`);
  return `OptanonConsent=groups=${groups}&geolocation=DE%3BBY; OptanonAlertBoxClosed=2026-01-15T09:59:00.000Z`;
}

const YES = oneTrust(1, 1);
const NO = oneTrust(0, 0);

@Controller()
class Shop {
  constructor(@Inject(ServerTrackingService) private readonly tracking: ServerTrackingService) {}

  @Get('page')
  page() {
    return this.tracking.trackPageView({});
  }

  @Get('context')
  context(@TrackingContext() context: RequestContext) {
    return context;
  }

  @Get('own-cookie')
  ownCookie(@Res({ passthrough: true }) response: { header(name: string, value: string): void }) {
    response.header('x-own', '1');
    return {};
  }

  @Post('sign-up/:id')
  signUp(@Param('id') id: string) {
    return this.tracking.trackRegistration({ eventId: `sign-up-${id}`, user: { id } });
  }

  /** As a host does whose consent lies in its own session. */
  @Get('own-consent')
  async ownConsent(
    @Req() request: IncomingRequest,
    @Res({ passthrough: true }) response: OutgoingResponse,
    @Query() { says }: { says?: string },
  ) {
    const told = says === undefined ? undefined : (JSON.parse(says) as Consent);
    const before = await this.tracking.identifyVisitor(request, response, told);
    const again = await this.tracking.identifyVisitor(request, response, told);
    await this.tracking.trackPageView({ eventId: 'own', context: request });
    return { before, again, read: this.tracking.readRequest(request) };
  }

  @Get('mind-changed')
  async mindChanged(
    @Req() request: IncomingRequest,
    @Res({ passthrough: true }) response: OutgoingResponse,
  ) {
    return { visitor: await this.tracking.identifyVisitor(request, response, REFUSED) };
  }

  @Get('raw')
  async raw(
    @Req() request: { raw?: IncomingRequest } & IncomingRequest,
    @Res({ passthrough: true }) response: { raw?: OutgoingResponse } & OutgoingResponse,
  ) {
    const visitor = await this.tracking.identifyVisitor(
      request.raw ?? request,
      response.raw ?? response,
      GRANTED,
    );
    return { visitor, context: this.tracking.readRequest(request) };
  }
}

interface Answer {
  readonly cookies: readonly string[];
  readonly json: Record<string, unknown>;
}

/** A browser that sends what it is told to, also a `Host`. */
function ask(
  { url }: RunningApp,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      `${url}${path}`,
      {
        method,
        headers: {
          host: 'shop.example.com',
          accept: 'text/html',
          'user-agent': 'Mozilla/5.0 Chrome/142.0',
          ...headers,
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          const json = JSON.parse(text === '' ? '{}' : text) as Record<string, unknown>;
          resolve({ cookies: response.headers['set-cookie'] ?? [], json });
        });
      },
    );
    request.on('error', reject).end();
  });
}

/** What a browser would send next. */
function jar(cookies: readonly string[]): string {
  return cookies.map((cookie) => cookie.split(';')[0]).join('; ');
}

function valueOf(cookies: readonly string[], name: string): string | undefined {
  const found = cookies.find((cookie) => cookie.startsWith(`${name}=`));
  return found?.slice(name.length + 1).split(';')[0];
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

describe.each(PLATFORMS)('visitors on %s', (platform) => {
  const logger = new RecordingLogger();
  const apps: RunningApp[] = [];
  let clock: FakeClock;
  let stub: PlatformStub;

  beforeEach(async () => {
    clock = new FakeClock(NOW);
    stub = await PlatformStub.start();
    logger.lines.length = 0;
  });

  afterEach(async () => {
    for (const { app } of apps.splice(0)) await app.close();
    await stub.close();
  });

  async function start(options: TrackingModuleOptions = {}): Promise<RunningApp> {
    const running = await startApp(platform, {
      imports: [
        TrackingModule.forRoot({
          ...stub.options(),
          context: { captureRequests: true, visitor: true, trustProxy: 'loopback' },
          delivery: { lingerMs: 1 },
          clock,
          logger,
          ...options,
        }),
      ],
      controllers: [Shop],
    });
    apps.push(running);
    return running;
  }

  const trackingOf = ({ app }: RunningApp) => app.get(ServerTrackingService);

  async function arrived(running: RunningApp, name: 'meta' | 'tiktok' = 'meta') {
    await trackingOf(running).flush();
    return stub.eventsAt(name) as unknown as { user_data: Record<string, unknown> }[];
  }

  it('get their cookies with the answer, byte for byte', async () => {
    const shop = await start();
    const { cookies } = await ask(shop, '/page?fbclid=IwAR0abcDEF&ttclid=E.C.P.example', {
      cookie: YES,
      'x-forwarded-proto': 'https',
    });
    const [id, fbp] = ['visitor_id', '_fbp'].map((name) => valueOf(cookies, name));
    expect(id).toMatch(UUID);
    expect(fbp).toMatch(new RegExp(`^fb\\.1\\.${NOW}\\.\\d{1,10}$`));
    expect(cookies).toEqual([
      `visitor_id=${id}; Max-Age=34560000; Domain=example.com; Path=/; HttpOnly; Secure; SameSite=Lax`,
      `visitor_session=${SECONDS}.${SECONDS}; Max-Age=1800; Domain=example.com; Path=/; HttpOnly; Secure; SameSite=Lax`,
      `_fbc=fb.1.${NOW}.IwAR0abcDEF; Max-Age=7776000; Domain=example.com; Path=/; Secure; SameSite=Lax`,
      `_fbp=${fbp}; Max-Age=7776000; Domain=example.com; Path=/; Secure; SameSite=Lax`,
      'ttclid=E.C.P.example; Max-Age=2592000; Domain=example.com; Path=/; Secure; SameSite=Lax',
    ]);
  });

  it.each<[string, string | undefined]>([
    ['who were not asked', undefined],
    ['whom OneTrust has not asked', 'OptanonConsent=groups=C0001%3A1%2CC0002%3A1%2CC0004%3A1'],
    ['who refused', NO],
    ['whose cookie says nothing', 'OptanonConsent=garbage; CookieConsent=0'],
  ])('%s get none', async (_who, cookie) => {
    const shop = await start();
    for (const path of ['/page?fbclid=a&ttclid=b', '/context', '/missing', '/own-consent'])
      expect((await ask(shop, path, cookie === undefined ? {} : { cookie })).cookies).toEqual([]);
  });

  it('are known to the events of their first request, at every platform', async () => {
    const shop = await start();
    const { cookies } = await ask(
      shop,
      '/sign-up/user_123?fbclid=IwAR0abcDEF&ttclid=E.C.P.example',
      { cookie: YES },
      'POST',
    );
    const id = valueOf(cookies, 'visitor_id') ?? '';
    const [meta] = await arrived(shop);
    expect(meta?.user_data).toMatchObject({
      external_id: [sha256('user_123'), sha256(id)],
      fbc: `fb.1.${NOW}.IwAR0abcDEF`,
      fbp: valueOf(cookies, '_fbp'),
    });
    expect((await arrived(shop, 'tiktok'))[0]).toMatchObject({
      user: { external_id: [sha256('user_123'), sha256(id)], ttclid: 'E.C.P.example' },
    });
    expect(stub.requestsTo('ga4')[0]?.json).toMatchObject({
      events: [{ params: { session_id: String(SECONDS) } }],
    });
  });

  it('are the same on the next page, on another subdomain, and after the session', async () => {
    const shop = await start();
    const first = await ask(shop, '/page', { cookie: YES });
    const cookie = `${YES}; ${jar(first.cookies)}`;
    const second = await ask(shop, '/context', { cookie, host: 'www.example.com' });
    const visitorId = valueOf(first.cookies, 'visitor_id');
    expect(second.cookies).toEqual([]);
    expect(second.json).toMatchObject({ visitorId, sessionId: String(SECONDS) });
    await clock.advance(60_000);
    const third = await ask(shop, '/context', { cookie });
    expect(third.cookies).toEqual([
      `visitor_session=${SECONDS}.${SECONDS + 60}; Max-Age=1800; Domain=example.com; Path=/; HttpOnly; SameSite=Lax`,
    ]);
    await clock.advance(30 * 60_000);
    const later = await ask(shop, '/context', { cookie });
    expect(later.json).toMatchObject({ visitorId, sessionId: String(SECONDS + 1_860) });
    expect(later.cookies.map((text) => text.split('=')[0])).toEqual([
      'visitor_id',
      'visitor_session',
    ]);
  });

  it('who refuse later lose our cookies, and are not recalled', async () => {
    const shop = await start();
    const { cookies } = await ask(shop, '/page', { cookie: YES });
    const refused = await ask(shop, '/context', { cookie: `${NO}; ${jar(cookies)}` });
    expect(refused.cookies).toEqual([
      'visitor_id=; Max-Age=0; Domain=example.com; Path=/; HttpOnly; SameSite=Lax',
      'visitor_session=; Max-Age=0; Domain=example.com; Path=/; HttpOnly; SameSite=Lax',
      '_fbp=; Max-Age=0; Domain=example.com; Path=/; SameSite=Lax',
    ]);
    expect(refused.json).not.toHaveProperty('visitorId');
    expect(refused.json).not.toHaveProperty('sessionId');
  });

  it('keep cookies and headers that the host writes', async () => {
    const shop = await start();
    expect((await ask(shop, '/own-cookie', { cookie: YES })).cookies).toHaveLength(3);
  });

  it('are taken for nobody in a webhook, whatever cookies it brings', async () => {
    const shop = await start();
    const webhook = { cookie: `${YES}; visitor_id=${ID}`, 'stripe-signature': 't=1,v1=x' };
    expect(await ask(shop, '/context', webhook)).toEqual({ cookies: [], json: {} });
  });

  it.each<[string, string]>([
    ['a hostile host', 'evil.com;x'],
    ['a host with a space', 'a b'],
    ['an IPv6 address', '[::1]:80'],
    ['an IPv4 address', '127.0.0.1'],
    ['no host', ''],
    ['a public suffix', 'co.uk'],
    ['an endless host', `${'a.'.repeat(4_000)}com`],
  ])('at %s get cookies for this host alone', async (_what, host) => {
    const shop = await start();
    const { cookies } = await ask(shop, '/page', { cookie: YES, host });
    expect(cookies).toHaveLength(3);
    for (const cookie of cookies) expect(cookie).not.toMatch(/Domain=/);
  });

  describe('whose consent the host knows', () => {
    const says = (consent: unknown) =>
      `/own-consent?says=${encodeURIComponent(JSON.stringify(consent))}`;

    it.each([true, false])(
      'are recognised once for a request (captured: %j), and by what it tracks',
      async (captureRequests) => {
        const shop = await start({ context: { captureRequests, visitor: true } });
        const { cookies, json } = await ask(shop, says(GRANTED), {});
        expect(cookies.map((text) => text.split('=')[0])).toEqual([
          'visitor_id',
          'visitor_session',
          '_fbp',
        ]);
        const visitorId = valueOf(cookies, 'visitor_id') ?? '';
        const visitor = { visitorId, sessionId: String(SECONDS), isNewSession: true };
        expect(json).toMatchObject({
          before: visitor,
          again: visitor,
          read: { visitorId, clickIds: { fbp: valueOf(cookies, '_fbp') }, consent: GRANTED },
        });
        expect((await arrived(shop))[0]?.user_data).toMatchObject({
          external_id: [sha256(visitorId)],
          fbp: valueOf(cookies, '_fbp'),
        });
      },
    );

    it.each<[string, unknown, string]>([
      ['who refused, whatever a consent tool says', REFUSED, YES],
      ['whose consent is no record', 'granted', YES],
      ['whose consent is no state', { analyticsStorage: 'yes', adStorage: true }, YES],
      ['of whom nothing is known', {}, 'x=y'],
    ])('%s get none', async (_who, consent, cookie) => {
      const shop = await start({ context: { captureRequests: false, visitor: true } });
      const { cookies, json } = await ask(shop, says(consent), { cookie });
      expect(cookies).toEqual([]);
      expect(json).not.toHaveProperty('before');
    });

    it('are forgotten in the same answer where a consent tool had said yes', async () => {
      const shop = await start();
      const { cookies, json } = await ask(shop, '/mind-changed', { cookie: YES });
      expect(json).toEqual({});
      // The last word on a name is what a browser keeps.
      const isGone = new Map(
        cookies.map((text) => [text.split('=')[0], text.includes('=; Max-Age=0;')]),
      );
      expect([...isGone]).toEqual([
        ['visitor_id', true],
        ['visitor_session', true],
        ['_fbp', true],
      ]);
    });

    it('are asked of consent.resolve, against which no cookie of a consent tool counts', async () => {
      const isMember = (request: IncomingRequest) => request.headers['x-member'] === 'yes';
      const shop = await start({
        consent: { resolve: (request) => Promise.resolve(isMember(request) ? GRANTED : REFUSED) },
      });
      expect((await ask(shop, '/page', { cookie: YES })).cookies).toEqual([]);
      expect((await ask(shop, '/own-consent', { cookie: YES })).cookies).toEqual([]);
      const member = await ask(shop, '/own-consent', { cookie: YES, 'x-member': 'yes' });
      expect(valueOf(member.cookies, 'visitor_id')).toMatch(UUID);
      await arrived(shop);
      stub.reset();
      const cookie = `${YES}; ${jar(member.cookies)}`;
      await ask(shop, '/sign-up/user_9', { cookie }, 'POST');
      expect(await arrived(shop)).toEqual([]);
    });

    it('are recognised by the server’s own objects, behind any framework', async () => {
      const shop = await start();
      const { cookies, json } = await ask(shop, '/raw', {});
      const visitorId = valueOf(cookies, 'visitor_id');
      expect(visitorId).toMatch(UUID);
      expect(json).toMatchObject({ visitor: { visitorId }, context: { visitorId } });
    });

    it('are recalled, and no more, behind an answer that is sent', async () => {
      const shop = await start({ context: { visitor: true } });
      const request = {
        method: 'GET',
        headers: { cookie: `visitor_id=${ID}; visitor_session=${SECONDS}.${SECONDS}` },
        socket: {},
      };
      const sent = { headersSent: true };
      expect(await trackingOf(shop).identifyVisitor(request, sent, GRANTED)).toEqual({
        visitorId: ID,
        sessionId: String(SECONDS),
        isNewSession: false,
      });
      expect(
        await trackingOf(shop).identifyVisitor({ headers: {}, socket: {} }, sent, GRANTED),
      ).toBeUndefined();
    });

    it('never trouble the host', async () => {
      const shop = await start();
      const hostile = new Proxy(
        {},
        {
          get: () => {
            throw new Error('holds jane@example.com');
          },
        },
      );
      expect(await trackingOf(shop).identifyVisitor(hostile, {}, GRANTED)).toBeUndefined();
      expect(
        await trackingOf(shop).identifyVisitor({ headers: {} }, hostile, GRANTED),
      ).toBeUndefined();
      const off = await start({ context: { captureRequests: true } });
      expect(await trackingOf(off).identifyVisitor({ headers: {} }, {}, GRANTED)).toBeUndefined();
      expect(logger.lines.join('\n')).toContain('context.visitor');
      expect(logger.lines.join('\n')).not.toContain('jane');
    });
  });

  it('are one person with the user whom they became: what the user takes back holds for them', async () => {
    const shop = await start();
    const { cookies } = await ask(shop, '/sign-up/anna', { cookie: YES }, 'POST');
    await arrived(shop);
    stub.reset();
    const phone = await ask(shop, '/sign-up/anna', { cookie: YES }, 'POST');
    await arrived(shop);
    stub.reset();
    const { names } = await trackingOf(shop).exportPerson('anna');
    expect(names).toBeGreaterThanOrEqual(3);
    await trackingOf(shop).consent.withdraw('anna');
    for (const device of [cookies, phone.cookies])
      await ask(shop, '/page', { cookie: `${YES}; ${jar(device)}` });
    expect(await arrived(shop)).toEqual([]);
    await ask(shop, '/page', { cookie: YES });
    expect(await arrived(shop)).toHaveLength(1);
  });

  it('who refused storage for analytics are joined with no user, and told to nobody', async () => {
    const shop = await start();
    const consentOf = (user: string) =>
      user === 'anna' ? GRANTED : { ...GRANTED, analyticsStorage: 'denied' as const };
    for (const id of ['anna', 'bert'])
      await trackingOf(shop).trackRegistration({
        user: { id },
        context: { visitorId: ID, sessionId: String(SECONDS) },
        consent: consentOf(id),
        only: ['meta'],
      });
    expect((await arrived(shop)).map(({ user_data: { external_id: ids } }) => ids)).toEqual([
      [sha256('anna'), sha256(ID)],
      [sha256('bert')],
    ]);
    const names = async (id: string) => (await trackingOf(shop).exportPerson(id)).names;
    expect((await names('anna')) - (await names('bert'))).toBe(1);
  });

  it('are told of at the start, and no domain that browsers refuse is taken', async () => {
    await start();
    expect(logger.lines.join('\n')).toContain(
      'cookies visitor_id, visitor_session, _fbc, _fbp, ttclid: with consent, on every captured request',
    );
    for (const domain of ['co.uk', '127.0.0.1', 'github.io'])
      await expect(start({ context: { visitor: { domain } } })).rejects.toThrow(
        InvalidOptionsError,
      );
  });
});
