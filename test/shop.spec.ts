import { createHash } from 'node:crypto';

import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { ServerTrackingService } from 'nestjs-server-tracking';
import { PlatformStub, type PlatformName } from 'nestjs-server-tracking/testing';
import request from 'supertest';

import { AppModule } from '../examples/shop/app.module';
import { APP_OPTIONS } from '../examples/shop/app.options';
import type { Registration } from '../examples/shop/auth/auth.service';
import type { Checkout } from '../examples/shop/checkout/checkout.service';
import { trackingVariables, useDemoEnvironment } from '../examples/shop/demo/environment';
import {
  FakeStripe,
  type FakeSession,
  type SignedWebhook,
} from '../examples/shop/demo/fake-stripe';
import { layOut, maskUrl, shorten } from '../examples/shop/demo/layout';
import { createPalette, wantsColour } from '../examples/shop/demo/palette';
import { CLICK, JOHN, JOHN_LATER, LENA, type Visitor } from '../examples/shop/demo/visitor';

const ITEMS = [
  { sku: 'MUG-BLUE', quantity: 2 },
  { sku: 'TEA-EARL', quantity: 1 },
];
const EMAIL_HASH = createHash('sha256').update('john_smith@gmail.com').digest('hex');

let platforms: PlatformStub;
let stripe: FakeStripe;
let app: NestExpressApplication;
let people = 0;

beforeAll(async () => {
  platforms = await PlatformStub.start();
  stripe = await FakeStripe.start();
});

afterAll(async () => {
  await Promise.all([platforms.close(), stripe.close()]);
});

describe('the shop', () => {
  beforeAll(async () => {
    useDemoEnvironment({ ...platforms.env(), ...stripe.env() });
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    app = module.createNestApplication<NestExpressApplication>(APP_OPTIONS);
    await app.init();
  });

  afterAll(() => app.close());

  beforeEach(() => {
    platforms.reset();
  });

  it('tells every platform of a sign-up what the visitor’s request told', async () => {
    const { status, body } = await register(JOHN, { email: JOHN.person.email });
    await settle();

    const { eventId, user } = body as Registration;
    expect(status).toBe(201);
    expect(platforms.eventsAt('meta')).toEqual([
      expect.objectContaining({
        event_name: 'CompleteRegistration',
        event_id: eventId,
        action_source: 'website',
        event_source_url: 'https://shop.example.com/mugs',
        user_data: expect.objectContaining({
          em: [EMAIL_HASH],
          client_ip_address: CLICK.ip,
          client_user_agent: CLICK.userAgent,
          fbp: CLICK.fbp,
          fbc: expect.stringMatching(new RegExp(`^fb\\.1\\.\\d{13}\\.${CLICK.fbclid}$`)),
        }),
      }),
    ]);
    expect(platforms.eventsAt('tiktok')).toEqual([
      expect.objectContaining({
        event: 'CompleteRegistration',
        event_id: eventId,
        user: expect.objectContaining({
          email: [EMAIL_HASH],
          ttclid: CLICK.ttclid,
          ttp: CLICK.ttp,
          ip: CLICK.ip,
          user_agent: CLICK.userAgent,
        }),
      }),
    ]);
    expect(bodyAt('ga4')).toMatchObject({
      client_id: CLICK.gaClientId,
      user_id: user.id,
      events: [{ name: 'sign_up', params: { method: 'email', session_id: CLICK.gaSessionId } }],
    });
    expect(bodyAt('serverGtm')).toMatchObject({
      client_id: CLICK.gaClientId,
      events: [
        {
          name: 'sign_up',
          params: { event_id: eventId, gclid: CLICK.gclid, session_id: CLICK.gaSessionId },
        },
      ],
    });
  });

  it('keeps the event ID that the browser pixel has already used', async () => {
    const { body } = await register(JOHN, { eventId: 'from-the-browser' });
    await settle();

    expect(body).toMatchObject({ eventId: 'from-the-browser' });
    expect(platforms.eventsAt('meta')).toMatchObject([{ event_id: 'from-the-browser' }]);
  });

  it('hands Stripe the order ID and a reference, and nothing of the visitor', async () => {
    const { checkout, session } = await goToCheckout(JOHN_LATER);
    await settle();

    expect(session.metadata).toEqual({
      order_id: checkout.order.id,
      context_ref: expect.stringMatching(/^[\w-]{22}$/),
    });
    expect(checkout).toMatchObject({
      order: { status: 'open', total: 58.8, currency: 'USD' },
      paymentUrl: session.url,
      eventIds: { purchase: `purchase:${checkout.order.id}` },
    });
    expect(platforms.eventsAt('meta').map(({ event_name }) => event_name)).toEqual([
      'CompleteRegistration',
      'InitiateCheckout',
    ]);
  });

  it('tells of one purchase, with the visitor’s click, when Stripe’s webhook comes twice', async () => {
    const { checkout, session } = await goToCheckout(JOHN_LATER);
    await settle();
    platforms.reset();
    const paidAtSeconds = Math.floor(Date.now() / 1_000) - 3_600;
    const webhook = stripe.paidWebhook(session.id, paidAtSeconds * 1_000);
    const first = await deliver(webhook);
    const second = await deliver(webhook);
    await settle();

    expect([first.status, second.status]).toEqual([200, 200]);
    expect(first.body).toMatchObject({ tracking: { status: 'accepted' } });
    expect(second.body).toMatchObject({ tracking: { status: 'duplicate' } });
    const { purchase } = checkout.eventIds;
    expect(platforms.eventsAt('meta')).toEqual([
      expect.objectContaining({
        event_name: 'Purchase',
        event_id: purchase,
        event_time: paidAtSeconds,
        user_data: expect.objectContaining({
          client_ip_address: CLICK.ip,
          client_user_agent: CLICK.userAgent,
          fbp: CLICK.fbp,
          fbc: CLICK.fbc,
        }),
        custom_data: expect.objectContaining({
          value: 58.8,
          currency: 'USD',
          order_id: checkout.order.id,
          content_ids: ['MUG-BLUE', 'TEA-EARL'],
        }),
      }),
    ]);
    expect(platforms.eventsAt('tiktok')).toEqual([
      expect.objectContaining({
        event: 'Purchase',
        event_id: purchase,
        user: expect.objectContaining({ ttclid: CLICK.ttclid, ip: CLICK.ip }),
        properties: expect.objectContaining({ value: 58.8, currency: 'USD' }),
      }),
    ]);
    expect(platforms.requestsTo('ga4')).toHaveLength(1);
    expect(bodyAt('ga4')).toMatchObject({
      client_id: CLICK.gaClientId,
      events: [{ name: 'purchase', params: { transaction_id: checkout.order.id, value: 58.8 } }],
    });
    expect(platforms.requestsTo('serverGtm')).toHaveLength(1);
    expect(bodyAt('serverGtm')).toMatchObject({
      events: [
        { params: { event_id: purchase, gclid: CLICK.gclid, value: 58.8, currency: 'USD' } },
      ],
    });
  });

  it.each<[string, (webhook: SignedWebhook) => Partial<SignedWebhook>]>([
    ['of other bytes', ({ payload }) => ({ payload: payload.replace('5880', '1') })],
    [
      'of another secret',
      ({ signature }) => ({ signature: signature.replace(/v1=.{8}/, 'v1=00000000') }),
    ],
    ['that is missing', () => ({ signature: '' })],
  ])('refuses a webhook with a signature %s', async (_rule, tamper) => {
    const { session } = await goToCheckout(JOHN_LATER);
    await settle();
    platforms.reset();
    const webhook = stripe.paidWebhook(session.id);
    const { status } = await deliver({ ...webhook, ...tamper(webhook) });
    await settle();

    expect(status).toBe(400);
    expect(platforms.requests).toEqual([]);
  });

  it('tells nobody of a session that is not paid yet', async () => {
    const { session } = await goToCheckout(JOHN_LATER);
    await settle();
    platforms.reset();
    const { status, body } = await deliver(stripe.completedWebhook(session));
    await settle();

    expect(status).toBe(200);
    expect(body).toEqual({ received: true });
    expect(platforms.requests).toEqual([]);
  });

  it('tells nobody anything when consent is denied, not even after the payment', async () => {
    const { session } = await goToCheckout(LENA);
    const { status, body } = await deliver(stripe.paidWebhook(session.id));
    await settle();

    expect(status).toBe(200);
    expect(body).toMatchObject({ tracking: { status: 'skipped' } });
    expect(platforms.requests).toEqual([]);
  });

  it('takes no sign-up without an answer to the consent banner', async () => {
    const { status } = await register(JOHN, { consent: undefined });

    expect(status).toBe(400);
  });

  it('lets only customers check out', async () => {
    const { status } = await request(app.getHttpServer())
      .post('/checkout')
      .send({ items: ITEMS, consent: JOHN.consent });

    expect(status).toBe(401);
  });

  it('shows health and status', async () => {
    const health = await request(app.getHttpServer()).get('/health');
    const status = await request(app.getHttpServer()).get('/status');

    expect(health.body).toMatchObject({ status: 'ok', info: { tracking: { status: 'up' } } });
    expect(status.body).toMatchObject({ meta: true, tiktok: true, ga4: true, overall: true });
  });
});

describe('the demo', () => {
  it('empties the tracking variables of the shell, so that no real account is reached', () => {
    process.env.REDIS_URL = 'redis://shell.example.com';
    useDemoEnvironment({ META_PIXEL_ID: '1' });

    expect(trackingVariables()).toEqual(
      expect.arrayContaining(['META_PIXEL_ID', 'META_TEST_EVENT_CODE', 'REDIS_URL']),
    );
    expect(process.env).toMatchObject({
      META_PIXEL_ID: '1',
      META_TEST_EVENT_CODE: '',
      REDIS_URL: '',
    });
  });

  it('lays out one field a line, shortens hashes and masks secrets', () => {
    const fields = {
      event_name: 'Purchase',
      user_data: { em: [EMAIL_HASH], fbp: CLICK.fbp },
      custom_data: { contents: [{ id: 'A', quantity: 2 }, { id: 'B' }], value: 0 },
      missing: undefined,
      access_token: 'EAAtokenexample',
    };

    expect(layOut(fields, 60)).toEqual([
      'event_name    Purchase',
      'user_data     em 62a14e44…',
      '              fbp fb.1.1759990000000.1098115397',
      'custom_data   contents { id A, quantity 2 }',
      '              contents { id B } · value 0',
      'access_token  ***',
    ]);
  });

  it('cuts long texts and keeps secrets out of URLs', () => {
    expect(shorten(CLICK.userAgent)).toHaveLength(64);
    expect(maskUrl('/mp/collect?measurement_id=G-1&api_secret=abc&x=1')).toBe(
      '/mp/collect?measurement_id=G-1&api_secret=***&x=1',
    );
  });

  it.each<[string, boolean | undefined, Record<string, string>, boolean]>([
    ['has colours on a terminal', true, {}, true],
    ['has none in a pipe', undefined, {}, false],
    ['has none with NO_COLOR', true, { NO_COLOR: '1' }, false],
  ])('%s', (_rule, isTTY, env, expected) => {
    expect(wantsColour({ isTTY }, env)).toBe(expected);
    expect(createPalette(expected).good('yes') === 'yes').toBe(!expected);
  });
});

async function goToCheckout(
  visitor: Visitor,
): Promise<{ checkout: Checkout; session: FakeSession }> {
  const { token } = (await register(visitor)).body as Registration;
  const { body } = await request(app.getHttpServer())
    .post('/checkout')
    .set({ ...visitor.headers, authorization: `Bearer ${token}` })
    .send({ items: ITEMS, consent: visitor.consent });
  const checkout = body as Checkout;
  const session = [...stripe.sessions.values()].find(({ url }) => url === checkout.paymentUrl);
  if (session === undefined) throw new Error('There is no session of this checkout');
  return { checkout, session };
}

function register(visitor: Visitor, changes: object = {}) {
  people += 1;
  const { person, consent, headers, clicks } = visitor;
  return request(app.getHttpServer())
    .post(`/auth/register?${clicks}`)
    .set(headers)
    .send({ ...person, email: `person${people}@example.com`, consent, ...changes });
}

function deliver({ payload, signature }: SignedWebhook) {
  return request(app.getHttpServer())
    .post('/webhooks/stripe')
    .set({ 'content-type': 'application/json', 'stripe-signature': signature })
    .send(payload);
}

function settle() {
  return app.get(ServerTrackingService).flush();
}

/** The body of the only request to a platform. */
function bodyAt(platform: PlatformName): unknown {
  return platforms.requestsTo(platform)[0]?.json;
}
