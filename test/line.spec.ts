import { Body, Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { ServerTrackingService, TrackingModule, type PurchaseInput } from 'nestjs-server-tracking';
import {
  PlatformStub,
  aContext,
  aPurchase,
  aUser,
  type PlatformName,
} from 'nestjs-server-tracking/testing';

import { RecordingLogger } from './support/recording-logger';
import { PLATFORMS, startApp, type RunningApp } from './support/start-app';

const ALL: readonly PlatformName[] = ['meta', 'tiktok', 'ga4', 'serverGtm'];
const UA = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15';

@Controller()
class ShopController {
  constructor(@Inject(ServerTrackingService) private readonly tracking: ServerTrackingService) {}

  @Post('register')
  register(@Req() request: object, @Body() body: { email: string }) {
    return this.tracking.trackRegistration({
      eventId: 'sign-up-1',
      method: 'email',
      user: { id: 'user_123', email: body.email },
      context: request,
    });
  }

  @Post('webhook')
  webhook(@Body() order: PurchaseInput) {
    return this.tracking.trackPurchase(order);
  }

  @Get('request')
  request(@Req() request: object) {
    return this.tracking.readRequest(request);
  }
}

describe.each(PLATFORMS)('the line on %s', (platform) => {
  const logger = new RecordingLogger();
  let stub: PlatformStub;
  let running: RunningApp;
  let tracking: ServerTrackingService;

  beforeAll(async () => {
    stub = await PlatformStub.start();
    running = await startApp(platform, {
      imports: [
        TrackingModule.forRoot({
          ...stub.options(),
          context: { trustProxy: 'loopback' },
          delivery: { lingerMs: 5, timeoutMs: 300, retryBaseDelayMs: 1 },
          logger,
        }),
      ],
      controllers: [ShopController],
    });
    tracking = running.app.get(ServerTrackingService);
  });

  afterAll(async () => {
    await running.app.close();
    await stub.close();
  });

  beforeEach(() => {
    stub.reset();
    logger.lines.length = 0;
  });

  async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
    const startedAt = performance.now();
    const response = await fetch(running.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return {
      status: response.status,
      json: (await response.json()) as Record<string, unknown>,
      ms: performance.now() - startedAt,
    };
  }

  it('carries a registration with IP, user agent, page and click IDs to every platform', async () => {
    const { json } = await post(
      '/register?ttclid=E.C.P.query',
      { email: ' John_Smith@gmail.com' },
      {
        'user-agent': UA,
        referer: 'https://shop.example.com/signup?fbclid=IwAR0abcDEF',
        'x-forwarded-for': '203.0.113.7',
        'accept-language': 'en-GB,en;q=0.9',
        cookie:
          '_fbp=fb.1.1759990000000.1098115397; _ttp=2F7h37YkS1j57AYSKTI7IHhJPYH; _ga=GA1.1.1162820436.1749482504; _ga_EXAMPLE1=GS2.1.s1747132561$o1$g0$t1747132655$j0$l0$h0',
      },
    );
    expect(json).toMatchObject({ eventId: 'sign-up-1', status: 'accepted', problems: [] });
    await Promise.all(ALL.map((name) => stub.waitFor(name)));

    const page = 'https://shop.example.com/signup?fbclid=IwAR0abcDEF';
    expect(stub.eventsAt('meta')).toEqual([
      {
        event_name: 'CompleteRegistration',
        event_time: expect.any(Number),
        event_id: 'sign-up-1',
        action_source: 'website',
        event_source_url: page,
        user_data: {
          em: ['62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'],
          external_id: ['80fba0ae1c48e3978e43e4efc365e14e12ea0c830ba8ba5b9a2dafc7e3f2ab8b'],
          client_ip_address: '203.0.113.7',
          client_user_agent: UA,
          fbc: expect.stringMatching(/^fb\.1\.\d{13}\.IwAR0abcDEF$/),
          fbp: 'fb.1.1759990000000.1098115397',
        },
        custom_data: { status: 'completed', content_name: 'email' },
      },
    ]);
    expect(stub.eventsAt('tiktok')).toEqual([
      {
        event: 'CompleteRegistration',
        event_time: expect.any(Number),
        event_id: 'sign-up-1',
        user: {
          email: ['62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'],
          external_id: ['80fba0ae1c48e3978e43e4efc365e14e12ea0c830ba8ba5b9a2dafc7e3f2ab8b'],
          ttclid: 'E.C.P.query',
          ttp: '2F7h37YkS1j57AYSKTI7IHhJPYH',
          ip: '203.0.113.7',
          user_agent: UA,
          locale: 'en-GB',
        },
        page: { url: page },
        properties: { description: 'email' },
      },
    ]);
    expect(stub.requestsTo('ga4')[0]?.json).toMatchObject({
      client_id: '1162820436.1749482504',
      user_id: 'user_123',
      events: [
        {
          name: 'sign_up',
          params: { method: 'email', session_id: '1747132561', engagement_time_msec: 1 },
        },
      ],
    });
    expect(stub.requestsTo('serverGtm')[0]?.json).toMatchObject({
      ip_override: '203.0.113.7',
      user_agent: UA,
      events: [
        {
          params: {
            event_id: 'sign-up-1',
            fbp: 'fb.1.1759990000000.1098115397',
            ttclid: 'E.C.P.query',
          },
        },
      ],
    });
    for (const request of stub.requests) {
      expect(request.method).toBe('POST');
      expect(request.headers['content-type']).toBe('application/json');
      expect(Number(request.headers['content-length'])).toBe(Buffer.byteLength(request.text));
    }
  });

  it('keeps every secret where its platform wants it, and out of the URL where that is possible', async () => {
    await tracking.trackPurchase(aPurchase(), { until: 'settled' });
    const [meta] = stub.requestsTo('meta');
    const [tiktok] = stub.requestsTo('tiktok');
    expect(meta?.url).toBe('/v25.0/1234567890123456/events');
    expect(meta?.json).toMatchObject({ access_token: 'EAAtokenexample' });
    expect(tiktok?.url).toBe('/open_api/v1.3/event/track/');
    expect(tiktok?.headers['access-token']).toBe('tiktok-token-example');
    expect(tiktok?.text).not.toContain('tiktok-token-example');
    expect(logger.lines.join('\n')).not.toMatch(
      /EAAtokenexample|tiktok-token-example|ga4-secret-example/,
    );
  });

  it('makes one purchase of a webhook that is delivered 20 times at once', async () => {
    const order = aPurchase({ orderId: `order-${platform}` });
    const answers = await Promise.all(Array.from({ length: 20 }, () => post('/webhook', order)));
    expect(answers.filter(({ json }) => json.status === 'accepted')).toHaveLength(1);
    expect(answers.filter(({ json }) => json.status === 'duplicate')).toHaveLength(19);
    await tracking.flush();
    for (const name of ALL) expect(stub.eventsAt(name)).toHaveLength(1);
  });

  it.each(ALL)('reaches the others while %s is down', async (down) => {
    stub.behave(down, { kind: 'outage' });
    const receipt = await tracking.trackPurchase(aPurchase(), { until: 'settled', timeoutMs: 400 });
    expect(receipt.destinations[down]).toMatchObject({ kind: 'pending' });
    for (const name of ALL.filter((other) => other !== down)) {
      expect(receipt.destinations[name]).toEqual({ kind: 'delivered' });
    }
    stub.behave(down, { kind: 'success' });
    await tracking.flush();
    expect(stub.eventsAt(down)).toHaveLength(1);
  });

  it('sends the same bytes again after a failure', async () => {
    stub.script('meta', { kind: 'outage' }, { kind: 'reset' }, { kind: 'outage' });
    const receipt = await tracking.trackPurchase(aPurchase(), { until: 'settled' });
    expect(receipt.destinations.meta).toEqual({ kind: 'delivered' });
    const bodies = new Set(stub.requestsTo('meta').map(({ text }) => text));
    expect(stub.requestsTo('meta').length).toBeGreaterThanOrEqual(4);
    expect(bodies.size).toBe(1);
  });

  it('answers the host at once while every platform hangs', async () => {
    for (const name of ALL) stub.behave(name, { kind: 'hang' });
    const times: number[] = [];
    for (let call = 0; call < 5; call += 1) {
      const hanging = await post('/webhook', aPurchase());
      expect(hanging.json).toMatchObject({ status: 'accepted' });
      times.push(hanging.ms);
    }
    // Each request that waited for a platform would take its deadline of 300 ms and more.
    expect(Math.min(...times)).toBeLessThan(250);
    for (const name of ALL) stub.behave(name, { kind: 'success' });
    await tracking.flush();
  });

  it('delivers all other events of a batch that Meta refuses for one', async () => {
    const orders = ['a', 'b', 'poison', 'c', 'd'].map((orderId) =>
      aPurchase({ orderId, only: ['meta'], eventId: `${platform}-${orderId}` }),
    );
    stub.script('meta', { kind: 'validation-error', index: 2 });
    const receipts = await Promise.all(
      orders.map((order) => tracking.trackPurchase(order, { until: 'settled' })),
    );
    expect(receipts.map(({ destinations }) => destinations.meta?.kind)).toEqual([
      'delivered',
      'delivered',
      'dead-lettered',
      'delivered',
      'delivered',
    ]);
    const delivered = stub.eventsAt('meta').map((event) => event.event_id);
    expect(delivered).toEqual(['a', 'b', 'c', 'd'].map((orderId) => `${platform}-${orderId}`));
  });

  it('pauses a destination whose token was revoked, loses nothing, and says so in the status', async () => {
    stub.behave('tiktok', { kind: 'auth-error' });
    const receipt = await tracking.trackPurchase(aPurchase({ only: ['tiktok'] }), {
      until: 'settled',
      timeoutMs: 200,
    });
    expect(receipt.destinations.tiktok).toMatchObject({ kind: 'pending' });
    const status = tracking.getStatus();
    expect(status).toMatchObject({
      meta: true,
      tiktok: false,
      overall: false,
      details: { destinations: { tiktok: { state: 'paused' } } },
    });
    expect(logger.of('error')).toEqual([expect.stringContaining('tiktok is paused')]);
    // Nothing but the one request: a paused lane does not try on.
    expect(stub.requestsTo('tiktok')).toHaveLength(1);
  });
});

describe('what an event is allowed to reach', () => {
  let stub: PlatformStub;
  let running: RunningApp;
  let tracking: ServerTrackingService;

  beforeAll(async () => {
    stub = await PlatformStub.start();
    running = await startApp('express', {
      imports: [TrackingModule.forRoot({ ...stub.options(), logger: new RecordingLogger() })],
    });
    tracking = running.app.get(ServerTrackingService);
  });

  afterAll(async () => {
    await running.app.close();
    await stub.close();
  });

  beforeEach(async () => {
    await tracking.flush();
    stub.reset();
  });

  it('sends nothing without consent, and says why', async () => {
    const receipt = await tracking.trackPurchase(
      aPurchase({
        consent: {
          adStorage: 'denied',
          adUserData: 'denied',
          adPersonalization: 'denied',
          analyticsStorage: 'denied',
        },
      }),
    );
    expect(receipt.status).toBe('skipped');
    expect(receipt.destinations.meta).toEqual({
      kind: 'skipped',
      reason: 'consent denied for adStorage, adUserData',
    });
    await tracking.flush();
    expect(stub.requests).toEqual([]);
  });

  it('sends to analytics alone where only that is allowed, without ad identifiers and user data', async () => {
    const receipt = await tracking.trackPurchase(
      aPurchase({
        consent: {
          adStorage: 'denied',
          adUserData: 'denied',
          adPersonalization: 'denied',
          analyticsStorage: 'granted',
        },
      }),
      { until: 'settled' },
    );
    expect(Object.entries(receipt.destinations).map(([name, { kind }]) => [name, kind])).toEqual(
      expect.arrayContaining([
        ['meta', 'skipped'],
        ['tiktok', 'skipped'],
        ['ga4', 'delivered'],
        ['serverGtm', 'delivered'],
      ]),
    );
    for (const name of ['ga4', 'serverGtm'] as const) {
      const [request] = stub.requestsTo(name);
      expect(request?.json).toMatchObject({
        consent: { ad_user_data: 'DENIED', ad_personalization: 'DENIED' },
      });
      expect(request?.text).not.toMatch(/sha256_email|"fbp"|"fbc"|"ttclid"|"gclid"|external_id/);
    }
  });

  it('withholds what is unknown in the EEA', async () => {
    const receipt = await tracking.trackPurchase(aPurchase({ consent: { region: 'DE' } }));
    expect(receipt).toMatchObject({
      status: 'skipped',
      destinations: { ga4: { reason: 'consent unknown for analyticsStorage' } },
    });
  });

  it('honours the signal of the browser', async () => {
    await tracking.trackPurchase(aPurchase({ context: aContext({ gpc: true }) }), {
      until: 'settled',
    });
    expect(stub.eventsAt('meta')[0]).toMatchObject({
      data_processing_options: ['LDU'],
      data_processing_options_country: 0,
      data_processing_options_state: 0,
    });
    expect(stub.eventsAt('tiktok')[0]).toMatchObject({ limited_data_use: true });
    expect(stub.requestsTo('ga4')[0]?.json).toMatchObject({
      consent: { ad_personalization: 'DENIED' },
    });
  });

  it('takes a checkout and a purchase of one ID for two events', async () => {
    const common = { eventId: 'order-1', user: { id: 'u' }, only: ['meta'] };
    const checkout = await tracking.trackBeginCheckout(common, { until: 'settled' });
    const purchase = await tracking.trackPurchase(
      { ...common, orderId: 'order-1', value: 1, currency: 'EUR' },
      { until: 'settled' },
    );
    expect([checkout.status, purchase.status]).toEqual(['accepted', 'accepted']);
    expect(stub.eventsAt('meta')).toHaveLength(2);
  });

  it('keeps user data and ad identifiers back where only analytics was granted in the EEA', async () => {
    await tracking.trackPurchase(
      aPurchase({ consent: { analyticsStorage: 'granted', region: 'DE' } }),
      { until: 'settled' },
    );
    expect(stub.requests.map(({ platform }) => platform).sort()).toEqual(['ga4', 'serverGtm']);
    expect(stub.requests.map(({ text }) => text).join()).not.toMatch(
      /sha256_|fbp|fbc|gclid|external_id/,
    );
  });

  it('lets no e-mail address through in an ID, an item or a coupon', async () => {
    const receipt = await tracking.trackLead(
      { leadId: 'jane@example.com', user: { id: 'u' } },
      { until: 'settled' },
    );
    expect(receipt).toMatchObject({
      status: 'accepted',
      eventId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
    });
    await tracking.trackPurchase(
      aPurchase({
        orderId: 'jane@example.com',
        coupon: 'jane@example.com',
        items: [{ id: 'jane@example.com', name: 'for jane@example.com' }],
      }),
      { until: 'settled' },
    );
    expect(stub.requests.map(({ text }) => text).join()).not.toContain('jane');
  });

  it('names a destination that nobody knows', async () => {
    const receipt = await tracking.trackPurchase(aPurchase({ only: ['Meta'] }));
    expect(receipt).toMatchObject({ status: 'skipped', problems: [{ field: 'only' }] });
  });

  it('says so where a reference to a context is missing', async () => {
    const receipt = await tracking.trackPurchase(
      aPurchase({ context: { contextRef: undefined } as never }),
    );
    expect(receipt.problems).toEqual([
      expect.objectContaining({ field: 'context.contextRef', code: 'missing' }),
    ]);
  });

  it('limits an event to the destinations that it names', async () => {
    const receipt = await tracking.trackPurchase(aPurchase({ only: ['meta', 'nobody'] }), {
      until: 'settled',
    });
    expect(receipt.destinations).toEqual({
      meta: { kind: 'delivered' },
      nobody: { kind: 'skipped', reason: 'is not enabled' },
    });
  });

  it('never shows a private address to a platform', async () => {
    await tracking.trackPurchase(aPurchase({ context: aContext({ ip: '10.1.2.3' }) }), {
      until: 'settled',
    });
    expect(stub.requests.map(({ text }) => text).join()).not.toContain('10.1.2.3');
  });

  it('strips secrets and personal data from page URLs', async () => {
    const url = 'https://shop.example.com/thanks?token=s3cret&email=jane@example.com&utm_source=x';
    await tracking.trackPurchase(aPurchase({ context: aContext({ url }) }), { until: 'settled' });
    const sent = stub.requests.map(({ text }) => text).join();
    expect(sent).not.toMatch(/s3cret|jane@/);
    expect(sent).toContain('https://shop.example.com/thanks?utm_source=x');
  });

  it('names a bad field in the receipt and sends the event without it', async () => {
    const receipt = await tracking.trackPurchase(aPurchase({ user: aUser({ phone: 'call me' }) }), {
      until: 'settled',
    });
    expect(receipt).toMatchObject({
      status: 'accepted',
      problems: [{ field: 'user.phone', code: 'invalid' }],
    });
    expect(stub.eventsAt('meta')[0]?.user_data).not.toHaveProperty('ph');
  });

  it('refuses what Meta would refuse, before it spoils a batch', async () => {
    const receipt = await tracking.trackPurchase({ orderId: 'weak', value: 1, currency: 'EUR' });
    expect(receipt.destinations.meta).toMatchObject({
      kind: 'rejected',
      problems: [{ code: 'too_weak' }],
    });
    expect(receipt.destinations.ga4).toMatchObject({
      kind: 'queued',
      notes: [{ field: 'context.gaClientId' }],
    });
  });

  it('derives one client ID per person where the browser gave none', async () => {
    const context = aContext({ gaClientId: undefined });
    const send = (id: string) =>
      tracking.trackPurchase(aPurchase({ only: ['ga4'], context, user: { id } }), {
        until: 'settled',
      });
    await send('a');
    await send('a');
    await send('b');
    const ids = stub.requestsTo('ga4').map(({ json }) => (json as { client_id: string }).client_id);
    expect(ids[0]).toMatch(/^[1-9]\d*\.\d{10}$/);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  it('refuses an event that is too old for a platform, and only there', async () => {
    const receipt = await tracking.trackPurchase(
      aPurchase({ occurredAt: Date.now() - 4 * 24 * 3_600_000 }),
    );
    expect(receipt.destinations.ga4).toMatchObject({
      kind: 'rejected',
      problems: [{ code: 'too_old' }],
    });
    expect(receipt.destinations.meta).toMatchObject({ kind: 'queued' });
  });

  it('joins the context that was saved at checkout', async () => {
    const ref = await tracking.saveContext('order-77', aContext());
    await tracking.trackPurchase(aPurchase({ context: ref }), { until: 'settled' });
    expect(stub.eventsAt('meta')[0]).toMatchObject({
      action_source: 'website',
      user_data: { fbc: 'fb.1.1759990000000.IwAR0abcDEF' },
    });
  });

  it('claims no visit for what happens by itself, and still says who it is', async () => {
    const event = aPurchase({ context: aContext(), initiatedBy: 'system' });
    await tracking.trackPurchase(event, { until: 'settled' });
    expect(stub.eventsAt('meta')[0]).toMatchObject({
      action_source: 'system_generated',
      user_data: { fbc: 'fb.1.1759990000000.IwAR0abcDEF' },
    });
  });

  it('holds to the consent that was kept with a context, unless the event brings its own', async () => {
    const ref = await tracking.saveContext('order-78', aContext(), {
      consent: { adStorage: 'denied', adUserData: 'denied' },
    });
    const kept = await tracking.trackPurchase(aPurchase({ context: ref }));
    expect(kept.destinations.meta).toEqual({
      kind: 'skipped',
      reason: expect.stringContaining('consent denied'),
    });
    const changed = aPurchase({
      context: ref,
      consent: { adStorage: 'granted', adUserData: 'granted' },
    });
    expect((await tracking.trackPurchase(changed)).destinations.meta).toEqual({ kind: 'queued' });
    await tracking.flush();
  });

  it('keeps a context for as long as it is told to', async () => {
    const ref = await tracking.saveContext('order-79', aContext(), { ttlMs: 1 });
    await new Promise((resolve) => setTimeout(resolve, 10));
    const receipt = await tracking.trackPurchase(aPurchase({ context: ref }));
    expect(receipt.problems).toEqual([expect.objectContaining({ field: 'context' })]);
    await tracking.flush();
  });

  it('goes without a context that is gone by the consent of its own, and by none without', async () => {
    const context = { contextRef: 'unknown' };
    const consent = { adStorage: 'granted', adUserData: 'granted' } as const;
    const allowed = await tracking.trackPurchase(aPurchase({ context, consent }), {
      until: 'settled',
    });
    expect(allowed).toMatchObject({
      status: 'accepted',
      problems: [{ field: 'context', code: 'missing' }],
    });
    expect(stub.eventsAt('meta')[0]).toMatchObject({ action_source: 'system_generated' });
    stub.reset();
    // What was kept with it may have been a refusal.
    const unknown = await tracking.trackPurchase(aPurchase({ context, consent: undefined }));
    expect(unknown).toMatchObject({ status: 'skipped', problems: [{ field: 'context' }] });
    await tracking.flush();
    expect(stub.requests).toEqual([]);
  });

  it('says nothing of a failure to anybody but the receipt for an event without a name', async () => {
    expect(await tracking.track({ name: 'buy' } as never)).toMatchObject({
      status: 'rejected',
      problems: [{ field: 'name' }],
    });
    expect(await tracking.track(undefined as never)).toMatchObject({ status: 'rejected' });
  });
});
