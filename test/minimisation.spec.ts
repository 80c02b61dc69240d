import { Controller, Inject, Post, Req } from '@nestjs/common';
import { ServerTrackingService, TrackingModule } from 'nestjs-server-tracking';
import { PlatformStub, aPurchase } from 'nestjs-server-tracking/testing';

import { RecordingLogger } from './support/recording-logger';
import { PLATFORMS, startApp, type RunningApp } from './support/start-app';

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36';
const GOOGLEBOT = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
const HEX = '9f86d081884c7d659a2feaa0c55ad015';

@Controller()
class ShopController {
  constructor(@Inject(ServerTrackingService) private readonly tracking: ServerTrackingService) {}

  @Post('page')
  page(@Req() context: object) {
    return this.tracking.trackPageView({ eventId: 'page-1', context });
  }

  @Post('order')
  order(@Req() context: object) {
    return this.tracking.trackPurchase({
      ...aPurchase({ orderId: '10001' }),
      properties: { plan: 'gold', note: 'a gift', card: '4111 1111 1111 1111' },
      context,
    });
  }
}

describe.each(PLATFORMS)('what leaves on %s', (platform) => {
  let stub: PlatformStub;
  let running: RunningApp;

  beforeAll(async () => {
    stub = await PlatformStub.start();
    running = await startApp(platform, {
      imports: [
        TrackingModule.forRoot({
          ...stub.options(),
          context: { trustProxy: 'loopback' },
          delivery: { lingerMs: 0 },
          privacy: {
            stripQueryParams: ['member'],
            all: { properties: ['plan'] },
            destinations: {
              meta: { fields: ['email'], ip: 'none', url: 'path' },
              tiktok: { fields: ['email'], userAgent: false, clickIds: false },
              serverGtm: { ip: 'anonymized' },
            },
          },
          logger: new RecordingLogger(),
        }),
      ],
      controllers: [ShopController],
    });
  });

  afterAll(async () => {
    await running.app.close();
    await stub.close();
  });

  beforeEach(() => stub.reset());

  const post = async (path: string, userAgent: string) => {
    const response = await fetch(running.url + path, {
      method: 'POST',
      headers: {
        'user-agent': userAgent,
        'x-forwarded-for': '203.0.113.77',
        referer: `https://shop.example.com/thanks?utm_source=x&member=7&t=${HEX}`,
        cookie: '_ttp=2F7h37YkS1j57AYSKTI7IHhJPYH',
      },
    });
    return (await response.json()) as { status: string; problems: unknown; destinations: object };
  };

  it('is what each destination may get, and the receipt names what was taken out', async () => {
    const { problems } = await post('/order', CHROME);
    expect(problems).toEqual([
      { field: 'properties.card', code: 'invalid', message: 'looks like a card number; left out' },
    ]);
    const [meta] = (await stub.waitFor('meta')).map(({ json }) => json);
    const [tiktok] = (await stub.waitFor('tiktok')).map(({ json }) => json);
    const [gtm] = (await stub.waitFor('serverGtm')).map(({ json }) => json);

    const [atMeta] = (meta as { data: { user_data: object; custom_data: object }[] }).data;
    expect(atMeta).toMatchObject({
      event_source_url: 'https://shop.example.com/thanks',
      custom_data: { plan: 'gold' },
    });
    expect(Object.keys(atMeta?.user_data ?? {}).sort()).toEqual(['client_user_agent', 'em']);
    expect(atMeta?.custom_data).not.toHaveProperty('note');

    const [atTikTok] = (tiktok as { data: { user: object; page: object }[] }).data;
    expect(atTikTok?.user).toEqual({ email: [expect.any(String)], ip: '203.0.113.77' });
    expect(atTikTok?.page).toEqual({ url: 'https://shop.example.com/thanks?utm_source=x' });

    expect(gtm).toMatchObject({ ip_override: '203.0.113.0' });
    expect(JSON.stringify([meta, tiktok, gtm])).not.toMatch(new RegExp(`${HEX}|4111|a gift`));
  });

  it('is nothing where a bot looks at a page, and that is counted', async () => {
    const tracking = running.app.get(ServerTrackingService);
    const before = tracking.getStatus().details.skippedBots;
    expect(await post('/page', GOOGLEBOT)).toMatchObject({
      status: 'skipped',
      problems: [],
      destinations: {
        meta: { kind: 'skipped', reason: 'bot' },
        ga4: { kind: 'skipped', reason: 'bot' },
      },
    });
    expect(tracking.getStatus().details.skippedBots).toBe(before + 1);
    expect(await post('/page', CHROME)).toMatchObject({ status: 'accepted' });
  });

  it('is a purchase whoever the user agent says it was', async () => {
    expect(await post('/order', 'Stripe/1.0 (+https://stripe.com/docs/webhooks)')).toMatchObject({
      destinations: { meta: { kind: expect.stringMatching(/queued|duplicate/) } },
    });
  });
});

describe('with bots: send', () => {
  it('a page view of a bot is sent like any other', async () => {
    const stub = await PlatformStub.start();
    const { app, url } = await startApp('express', {
      imports: [
        TrackingModule.forRoot({
          meta: stub.options().meta,
          privacy: { bots: 'send' },
          logger: new RecordingLogger(),
        }),
      ],
      controllers: [ShopController],
    });
    await fetch(`${url}/page`, {
      method: 'POST',
      headers: { 'user-agent': GOOGLEBOT, cookie: '_fbp=fb.1.1759990000000.1098115397' },
    });
    await app.close();
    expect(stub.eventsAt('meta')).toHaveLength(1);
    await stub.close();
  });
});
