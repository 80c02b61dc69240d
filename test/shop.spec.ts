import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';

import type { PlatformName } from 'nestjs-server-tracking/testing';

import type { Checkout } from '../examples/shop/checkout/checkout.service';
import { auditOf, checkOut, deliver, sessionOf, settle, signUp } from '../examples/shop/demo/acts';
import { Browser } from '../examples/shop/demo/browser';
import { trackingVariables, useDemoEnvironment } from '../examples/shop/demo/environment';
import type { FakeSession, SignedWebhook } from '../examples/shop/demo/fake-stripe';
import { layOut, maskUrl, shorten } from '../examples/shop/demo/layout';
import { createPalette, wantsColour } from '../examples/shop/demo/palette';
import type { SecondProcess } from '../examples/shop/demo/second-process';
import { setStage, type Stage } from '../examples/shop/demo/stage';
import { CLICK, JOHN, LANDING, type Visitor } from '../examples/shop/demo/visitor';
import { OrdersService } from '../examples/shop/orders/orders.service';

const PAGE = `https://shop.example.com${LANDING}`;

describe('the shop', () => {
  let stage: Stage;
  /** Where Stripe's webhooks come to. */
  let second: SecondProcess;
  let people = 0;

  beforeAll(async () => {
    stage = await setStage({ isColourful: false });
    second = await stage.openSecond();
  }, 30_000);

  afterAll(() => stage.close());

  beforeEach(async () => {
    await settle(stage);
    stage.platforms.reset();
  });

  /** Has come by the ad, with the cookies of every tag, and has answered the banner or not. */
  async function land(answer?: 'yes' | 'no'): Promise<Browser> {
    const browser = new Browser(stage.shopUrl);
    browser.runTags();
    if (answer !== undefined) browser.answerBanner(answer, 'DE;BE');
    await browser.load(LANDING);
    return browser;
  }

  function somebody(): Visitor {
    people += 1;
    return { ...JOHN, email: `person${people}@example.com` };
  }

  /** Has landed, signed up and gone to the checkout. */
  async function shop(answer?: 'yes' | 'no') {
    const browser = await land(answer);
    const person = somebody();
    const { user } = (await signUp(browser, person)).body;
    return { browser, person, user, ...(await order(browser)) };
  }

  async function order(
    browser: Browser,
  ): Promise<{ checkout: Checkout; session: FakeSession; webhook: SignedWebhook }> {
    const { body: checkout } = await checkOut(browser);
    const session = sessionOf(stage.stripe, checkout);
    return { checkout, session, webhook: stage.stripe.paidWebhook(session.id) };
  }

  function eventsAt(platform: PlatformName) {
    return stage.platforms.eventsAt(platform);
  }

  /** The body of the only request to a platform. */
  function bodyAt(platform: PlatformName): unknown {
    expect(stage.platforms.requestsTo(platform)).toHaveLength(1);
    return stage.platforms.requestsTo(platform)[0]?.json;
  }

  it('writes no cookie and tells nobody before the banner was answered', async () => {
    const browser = new Browser(stage.shopUrl);
    const { status, cookies } = await browser.load(LANDING);
    await settle(stage);

    expect(status).toBe(200);
    expect(cookies).toEqual([]);
    expect(stage.platforms.requests).toEqual([]);
  });

  it('keeps visitor and clicks in first-party cookies of those who said yes', async () => {
    const { cookies } = await land('yes');

    expect(Object.fromEntries(cookies)).toMatchObject({
      visitor_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      _fbc: expect.stringMatching(new RegExp(`^fb\\.1\\.\\d{13}\\.${CLICK.fbclid}$`)),
      _fbp: expect.stringMatching(/^fb\.1\.\d{13}\.\d+$/),
      ttclid: CLICK.ttclid,
    });
    await settle(stage);
    expect(eventsAt('meta')).toMatchObject([{ event_name: 'ViewContent', event_source_url: PAGE }]);
  });

  it('tells every platform of a sign-up what the visitor’s request told', async () => {
    const browser = await land('yes');
    await settle(stage);
    stage.platforms.reset();
    const { status, body } = await signUp(browser, JOHN);
    await settle(stage);

    const { eventId, user } = body;
    const emailHash = hashOf('john_smith@gmail.com');
    expect(status).toBe(201);
    expect(eventsAt('meta')).toEqual([
      expect.objectContaining({
        event_name: 'CompleteRegistration',
        event_id: eventId,
        action_source: 'website',
        event_source_url: PAGE,
        user_data: expect.objectContaining({
          em: [emailHash],
          client_ip_address: CLICK.ip,
          client_user_agent: CLICK.userAgent,
          fbp: browser.cookies.get('_fbp'),
          fbc: browser.cookies.get('_fbc'),
        }),
      }),
    ]);
    expect(eventsAt('tiktok')).toEqual([
      expect.objectContaining({
        event: 'CompleteRegistration',
        event_id: eventId,
        user: expect.objectContaining({
          email: [emailHash],
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
    const browser = await land('yes');
    await settle(stage);
    stage.platforms.reset();
    const { body } = await signUp(browser, { ...somebody(), eventId: 'from-the-browser' });
    await settle(stage);

    expect(body).toMatchObject({ eventId: 'from-the-browser' });
    expect(eventsAt('meta')).toMatchObject([{ event_id: 'from-the-browser' }]);
  });

  it('hands Stripe IDs and a reference, and nothing of the visitor', async () => {
    const { checkout, session, user } = await shop('yes');
    await settle(stage);

    const { purchase } = checkout.eventIds;
    const reference = expect.stringMatching(/^[\w-]{22}$/) as string;
    expect(session.metadata).toEqual({
      order_id: checkout.order.id,
      user_id: user.id,
      event_id: purchase,
      tracking_ref: reference,
    });
    expect(stage.stripe.paymentIntents.get(session.payment_intent)?.metadata).toEqual({
      ...session.metadata,
      tracking_ref: `checkout:${session.metadata.tracking_ref}`,
    });
    expect(checkout).toMatchObject({
      order: { status: 'open', total: 58.8, currency: 'USD' },
      paymentUrl: session.url,
      eventIds: { purchase: `purchase:${checkout.order.id}` },
    });
    // Each is a request of its own, and they race.
    expect(new Set(eventsAt('meta').map(({ event_name }) => event_name))).toEqual(
      new Set(['ViewContent', 'CompleteRegistration', 'InitiateCheckout']),
    );
  });

  it('tells of the purchase with the visit, when the webhook comes to another process', async () => {
    const { browser, person, user, checkout, session } = await shop('yes');
    await settle(stage);
    stage.platforms.reset();
    const paidAtSeconds = Math.floor(Date.now() / 1_000) - 3_600;
    const webhook = stage.stripe.paidWebhook(session.id, paidAtSeconds * 1_000);
    const first = await deliver(second.url, webhook);
    const again = await deliver(stage.shopUrl, webhook);
    await settle(stage);

    expect([first.status, again.status]).toEqual([200, 200]);
    expect(first.body).toMatchObject({ event: 'purchase', receipt: { status: 'accepted' } });
    expect(again.body).toMatchObject({ event: 'purchase', receipt: { status: 'duplicate' } });
    const { purchase } = checkout.eventIds;
    const emailHash = hashOf(person.email);
    expect(eventsAt('meta')).toEqual([
      expect.objectContaining({
        event_name: 'Purchase',
        event_id: purchase,
        event_time: paidAtSeconds,
        action_source: 'website',
        event_source_url: 'https://shop.example.com/cart',
        user_data: expect.objectContaining({
          em: [emailHash],
          client_ip_address: CLICK.ip,
          client_user_agent: CLICK.userAgent,
          fbp: browser.cookies.get('_fbp'),
          fbc: browser.cookies.get('_fbc'),
        }),
        custom_data: expect.objectContaining({
          value: 58.8,
          currency: 'USD',
          order_id: checkout.order.id,
          content_ids: ['MUG-BLUE', 'TEA-EARL'],
        }),
      }),
    ]);
    expect(eventsAt('tiktok')).toEqual([
      expect.objectContaining({
        event: 'Purchase',
        event_id: purchase,
        event_time: paidAtSeconds,
        page: expect.objectContaining({ url: 'https://shop.example.com/cart' }),
        user: expect.objectContaining({
          email: [emailHash],
          ttclid: CLICK.ttclid,
          ttp: CLICK.ttp,
          ip: CLICK.ip,
          user_agent: CLICK.userAgent,
        }),
        properties: expect.objectContaining({ value: 58.8, currency: 'USD' }),
      }),
    ]);
    expect(bodyAt('ga4')).toMatchObject({
      client_id: CLICK.gaClientId,
      user_id: user.id,
      timestamp_micros: paidAtSeconds * 1_000_000,
      events: [
        {
          name: 'purchase',
          params: {
            session_id: CLICK.gaSessionId,
            transaction_id: checkout.order.id,
            value: 58.8,
            page_location: 'https://shop.example.com/cart',
          },
        },
      ],
    });
    expect(bodyAt('serverGtm')).toMatchObject({
      ip_override: CLICK.ip,
      user_agent: CLICK.userAgent,
      events: [
        {
          params: {
            event_id: purchase,
            gclid: CLICK.gclid,
            session_id: CLICK.gaSessionId,
            value: 58.8,
            currency: 'USD',
          },
        },
      ],
    });
    expect(stage.app.get(OrdersService).find(checkout.order.id)?.status).toBe('paid');
    expect([...(await auditOf(browser, purchase, 12))].sort()).toEqual(
      ['accepted', 'delivered', 'duplicate'].flatMap((kind) =>
        ['ga4', 'meta', 'serverGtm', 'tiktok'].map((name) => `${kind} ${name} purchase`),
      ),
    );
    // Each process writes a chain of its own.
    const { audit } = await stage.tracking.exportPerson(user.id);
    const writersOf = (eventId: string) =>
      audit
        .filter((line) => line.kind === 'accepted' && line.eventId === eventId)
        .map(({ writer }) => writer);
    expect(writersOf(purchase)).toHaveLength(4);
    expect(writersOf(purchase)).not.toContain(writersOf(checkout.eventIds.beginCheckout)[0]);
  });

  it('counts a payment once, although Stripe tells of its payment intent as well', async () => {
    const { session, webhook } = await shop('yes');
    await settle(stage);
    stage.platforms.reset();
    const intent = await deliver(second.url, stage.stripe.paymentIntentWebhook(session));
    await deliver(second.url, webhook);
    await settle(stage);

    expect(intent.body).toEqual({ kind: 'ignored', reason: 'its Checkout Session tells' });
    expect(eventsAt('meta')).toHaveLength(1);
  });

  it.each<[string, (webhook: SignedWebhook) => Partial<SignedWebhook>]>([
    ['of other bytes', ({ payload }) => ({ payload: payload.replace('5880', '1') })],
    [
      'of another secret',
      ({ signature }) => ({ signature: signature.replace(/v1=.{8}/, 'v1=00000000') }),
    ],
    ['that is missing', () => ({ signature: '' })],
  ])('refuses a webhook with a signature %s', async (_rule, tamper) => {
    const { webhook } = await shop('yes');
    await settle(stage);
    stage.platforms.reset();
    const { status } = await deliver(second.url, { ...webhook, ...tamper(webhook) });
    await settle(stage);

    expect(status).toBe(400);
    expect(stage.platforms.requests).toEqual([]);
  });

  it('tells nobody of a session that is not paid yet', async () => {
    const { session, checkout } = await shop('yes');
    await settle(stage);
    stage.platforms.reset();
    const { status, body } = await deliver(second.url, stage.stripe.completedWebhook(session));
    await settle(stage);

    expect(status).toBe(200);
    expect(body).toMatchObject({ kind: 'ignored' });
    expect(stage.platforms.requests).toEqual([]);
    expect(stage.app.get(OrdersService).find(checkout.order.id)?.status).toBe('open');
  });

  it.each<[string, 'no' | undefined, string]>([
    ['without consent', 'no', 'denied'],
    ['without an answer to the banner', undefined, 'unknown'],
  ])(
    'sends nothing of the same visit %s, and the audit log says why',
    async (_rule, answer, is) => {
      const { browser, checkout, webhook } = await shop(answer);
      const paid = await deliver(second.url, webhook);
      await settle(stage);

      expect(stage.platforms.requests).toEqual([]);
      expect(paid.status).toBe(200);
      expect(paid.body).toMatchObject({ event: 'purchase', receipt: { status: 'skipped' } });
      const whyNot = (event: string) => [
        `withheld ga4 ${event} consent ${is} for analyticsStorage`,
        `withheld meta ${event} consent ${is} for adStorage, adUserData`,
        `withheld serverGtm ${event} consent ${is} for analyticsStorage`,
        `withheld tiktok ${event} consent ${is} for adStorage, adUserData`,
      ];
      const { beginCheckout, purchase } = checkout.eventIds;
      expect([...(await auditOf(browser, beginCheckout))].sort()).toEqual(whyNot('begin_checkout'));
      expect([...(await auditOf(browser, purchase))].sort()).toEqual(whyNot('purchase'));
      expect([...browser.cookies.keys()]).not.toContain('visitor_id');
    },
  );

  it('stops the purchase of who takes consent back between checkout and webhook', async () => {
    const { browser, checkout, webhook } = await shop('yes');
    await settle(stage);
    stage.platforms.reset();
    const { status } = await browser.call('POST', '/consent/withdraw');
    const paid = await deliver(second.url, webhook);
    await settle(stage);

    expect(status).toBe(200);
    expect(stage.platforms.requests).toEqual([]);
    expect(paid.body).toMatchObject({ event: 'purchase', receipt: { status: 'skipped' } });
    expect([...(await auditOf(browser, checkout.eventIds.purchase))].sort()).toEqual([
      'withheld ga4 purchase consent withdrawn for analyticsStorage',
      'withheld meta purchase consent withdrawn for adStorage, adUserData',
      'withheld serverGtm purchase consent withdrawn for analyticsStorage',
      'withheld tiktok purchase consent withdrawn for adStorage, adUserData',
    ]);
    expect(stage.app.get(OrdersService).find(checkout.order.id)?.status).toBe('paid');
  });

  it('shows customers what is kept of them, and them alone', async () => {
    const [one, other] = [await shop('yes'), await shop('yes')];
    const { status, body } = await one.browser.call('GET', '/account/export');

    expect(status).toBe(200);
    expect(body).toMatchObject({
      account: { id: one.user.id, email: one.person.email },
      tracking: { contexts: [{ ip: CLICK.ip, clickIds: { ttclid: CLICK.ttclid } }] },
    });
    const told = JSON.stringify(body);
    expect(told).toContain(one.checkout.eventIds.beginCheckout);
    expect(told).not.toContain(other.checkout.eventIds.beginCheckout);
    expect(told).not.toContain(other.browser.cookies.get('visitor_id'));
  });

  it('forgets who closes the account: the session, what was kept, and a webhook that comes late', async () => {
    const { browser, person, checkout, webhook } = await shop('yes');
    await settle(stage);
    stage.platforms.reset();
    const { status, body } = await browser.call('DELETE', '/account');
    const late = await deliver(second.url, webhook);
    await settle(stage);

    expect(status).toBe(200);
    expect(body).toMatchObject({ pending: 0, deadLetters: 0, auditLines: expect.any(Number) });
    expect((body as { records: number }).records).toBeGreaterThanOrEqual(2);
    expect(late.status).toBe(200);
    expect(stage.platforms.requests).toEqual([]);
    expect(await browser.call('GET', '/account/export')).toMatchObject({ status: 401 });
    expect(await stage.tracking.exportPerson(person.email)).toMatchObject({ contexts: [] });
    expect(stage.app.get(OrdersService).find(checkout.order.id)?.status).toBe('paid');
  });

  it.each<[string, string]>([
    ['POST', '/checkout'],
    ['POST', '/consent/withdraw'],
    ['GET', '/account/export'],
    ['DELETE', '/account'],
  ])('lets only customers %s %s', async (method, path) => {
    const { status } = await new Browser(stage.shopUrl).call(method, path);

    expect(status).toBe(401);
  });

  it('shows health and status', async () => {
    const health = await new Browser(second.url).call('GET', '/health');
    const status = await new Browser(stage.shopUrl).call('GET', '/status');

    expect(health.body).toMatchObject({ status: 'ok', info: { tracking: { status: 'up' } } });
    expect(status.body).toMatchObject({ meta: true, tiktok: true, ga4: true, overall: true });
  });
});

describe('the demo', () => {
  it('tells a story in which every claim holds, and ends by itself', async () => {
    const child = spawn(process.execPath, ['-r', '@swc-node/register', 'examples/shop/demo.ts'], {
      cwd: join(__dirname, '..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [told, [code]] = await Promise.all([textOf(child.stdout), once(child, 'exit')]);

    expect(told).toMatch(/\n(\d+) of \1 claims hold, told in [\d.]+ s\.\n$/);
    expect(told).not.toContain('✗');
    expect(code).toBe(0);
  }, 60_000);

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
      user_data: { em: [hashOf('john_smith@gmail.com')], fbp: 'fb.1.1759990000000.1098115397' },
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

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
