import {
  BadRequestException,
  Body,
  Controller,
  Headers,
  HttpCode,
  Inject,
  Post,
  Req,
  type RawBodyRequest,
} from '@nestjs/common';
import {
  ServerTrackingService,
  systemClock,
  TrackingModule,
  type Clock,
  type Consent,
  type IncomingRequest,
  type TrackingModuleOptions,
} from 'nestjs-server-tracking';
import {
  StripeTrackingModule,
  StripeTrackingService,
  type StripeEventLike,
  type StripeTrackingOptions,
} from 'nestjs-server-tracking/stripe';
import { PlatformStub, type PlatformName } from 'nestjs-server-tracking/testing';
import Stripe from 'stripe';

import { RecordingLogger } from './support/recording-logger';
import { PLATFORMS, startApp, type RunningApp } from './support/start-app';
import {
  aCharge,
  anInvoice,
  aPaymentIntent,
  aSession,
  aSubscription,
  stripeEvent,
} from './support/stripe-events';

const ALL: readonly PlatformName[] = ['meta', 'tiktok', 'ga4'];
const SECRET = 'whsec_test_secret';
const UA = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15';
const GRANTED: Consent = {
  adStorage: 'granted',
  adUserData: 'granted',
  analyticsStorage: 'granted',
  adPersonalization: 'granted',
};
const VISITOR = {
  'user-agent': UA,
  referer: 'https://shop.example.com/cart?fbclid=IwAR0abcDEF&ttclid=E.C.P.query',
  'x-forwarded-for': '203.0.113.7',
  cookie:
    '_fbp=fb.1.1759990000000.1098115397; _ttp=2F7h37YkS1j57AYSKTI7IHhJPYH; _ga=GA1.1.1162820436.1749482504; _ga_EXAMPLE1=GS2.1.s1747132561$o1$g0$t1747132655$j0$l0$h0',
};
/** Of `jane@example.com`, as everybody wants it. */
const JANE = '8c87b489ce35cf2e2f39f80e282cb2e804932a56a213983eeeb428407d43b52d';

const DAY_MS = 86_400_000;
const stripe = new Stripe('sk_test_dummy');
const seconds = () => Math.floor(Date.now() / 1_000) - 30;

@Controller()
class PaymentsController {
  constructor(@Inject(StripeTrackingService) private readonly payments: StripeTrackingService) {}

  @Post('checkout')
  checkout(@Req() request: IncomingRequest, @Body() body: CheckoutBody) {
    const metadata = { order_id: body.orderId, user_id: 'user_123' };
    const params: Stripe.Checkout.SessionCreateParams = { mode: body.mode, metadata };
    return this.payments.forCheckout(params, request, { consent: body.consent });
  }

  @Post('pay')
  pay(@Req() request: IncomingRequest, @Body() body: CheckoutBody) {
    return this.payments.checkoutMetadata(request, { consent: body.consent });
  }

  @Post('webhook')
  @HttpCode(200)
  webhook(@Req() request: RawBodyRequest<object>, @Headers('stripe-signature') signature: string) {
    return this.payments.trackStripeEventOrFail(this.verify(request.rawBody, signature));
  }

  private verify(rawBody: Buffer | undefined, signature: string): Stripe.Event {
    try {
      return stripe.webhooks.constructEvent(rawBody ?? '', signature, SECRET);
    } catch {
      throw new BadRequestException();
    }
  }
}

interface CheckoutBody {
  readonly mode: 'payment' | 'subscription';
  readonly orderId: string;
  readonly consent?: Consent;
}

interface CheckoutAnswer {
  readonly metadata: Record<string, string>;
  readonly payment_intent_data: { readonly metadata: Record<string, string> };
  readonly subscription_data: { readonly metadata: Record<string, string> };
}

describe.each(PLATFORMS)('from checkout to webhook on %s', (platform) => {
  const logger = new RecordingLogger();
  let stub: PlatformStub;
  let running: RunningApp;

  beforeAll(async () => {
    stub = await PlatformStub.start();
    const { meta, tiktok, ga4 } = stub.options();
    running = await startApp(platform, {
      imports: [
        TrackingModule.forRoot({
          meta,
          tiktok,
          ga4,
          context: { trustProxy: 'loopback' },
          delivery: { lingerMs: 5 },
          logger,
        }),
        StripeTrackingModule.forRoot({ logger }),
      ],
      controllers: [PaymentsController],
    });
  });

  afterAll(async () => {
    await running.app.close();
    await stub.close();
  });

  beforeEach(() => {
    stub.reset();
    logger.lines.length = 0;
  });

  async function post<T>(path: string, body: object, headers: Record<string, string>): Promise<T> {
    const response = await fetch(running.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.status, ...((await response.json()) as object) } as T;
  }

  /** As Stripe posts it: its own address and user agent, a signature over these very bytes. */
  async function deliver(event: StripeEventLike, secret = SECRET) {
    const payload = JSON.stringify({ ...event, created: seconds() });
    const signature = stripe.webhooks.generateTestHeaderString({ payload, secret });
    const response = await fetch(`${running.url}/webhook`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'stripe-signature': signature,
        'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
        'x-forwarded-for': '3.18.12.63',
      },
      body: payload,
    });
    const json = (await response.json()) as { kind?: string; receipt?: { status: string } };
    await running.app.get(ServerTrackingService).flush();
    return { status: response.status, ...json };
  }

  const checkout = (mode: 'payment' | 'subscription', orderId: string, consent?: Consent) =>
    post<CheckoutAnswer>('/checkout', { mode, orderId, consent }, VISITOR);

  it('sends the purchase with what the visitor brought, and nothing of what Stripe brought', async () => {
    const made = await checkout('payment', '10045', GRANTED);
    const id = `pi_${platform}_1`;
    const session = aSession({ payment_intent: id, metadata: made.metadata });
    expect(await deliver(stripeEvent('checkout.session.completed', session))).toMatchObject({
      status: 200,
      kind: 'tracked',
      event: 'purchase',
      receipt: { status: 'accepted', problems: [] },
    });
    expect(stub.eventsAt('meta')).toEqual([
      {
        event_name: 'Purchase',
        event_time: expect.any(Number),
        event_id: `stripe:pi:${id}`,
        action_source: 'website',
        event_source_url: VISITOR.referer,
        user_data: {
          em: [JANE],
          ph: [expect.any(String)],
          fn: [expect.any(String)],
          ln: [expect.any(String)],
          ct: [expect.any(String)],
          zp: [expect.any(String)],
          country: [expect.any(String)],
          external_id: ['80fba0ae1c48e3978e43e4efc365e14e12ea0c830ba8ba5b9a2dafc7e3f2ab8b'],
          client_ip_address: '203.0.113.7',
          client_user_agent: UA,
          fbc: expect.stringMatching(/^fb\.1\.\d{13}\.IwAR0abcDEF$/),
          fbp: 'fb.1.1759990000000.1098115397',
        },
        custom_data: { value: 49.9, currency: 'EUR', order_id: '10045' },
      },
    ]);
    expect(stub.eventsAt('tiktok')).toEqual([
      expect.objectContaining({
        event_id: `stripe:pi:${id}`,
        user: expect.objectContaining({
          email: [JANE],
          ttclid: 'E.C.P.query',
          ttp: '2F7h37YkS1j57AYSKTI7IHhJPYH',
          ip: '203.0.113.7',
          user_agent: UA,
        }),
        page: { url: VISITOR.referer },
        properties: { value: 49.9, currency: 'EUR', order_id: '10045' },
      }),
    ]);
    expect(stub.requestsTo('ga4')[0]?.json).toMatchObject({
      client_id: '1162820436.1749482504',
      user_id: 'user_123',
      events: [
        {
          name: 'purchase',
          params: {
            transaction_id: '10045',
            value: 49.9,
            tax: 7.97,
            shipping: 4.9,
            currency: 'EUR',
            session_id: '1747132561',
          },
        },
      ],
    });
    const sent = stub.requests.map(({ text }) => text).join();
    expect(sent).not.toMatch(/3\.18\.12\.63|Stripe\/1\.0|jane@example/);
  });

  it('writes nothing into Stripe that says anything of the visitor', async () => {
    const made = await checkout('payment', '10046', GRANTED);
    const [ref] = [made.metadata.tracking_ref ?? ''];
    expect(made).toMatchObject({
      metadata: { order_id: '10046', tracking_ref: expect.stringMatching(/^[\w-]{22}$/) },
      payment_intent_data: { metadata: { order_id: '10046', tracking_ref: `checkout:${ref}` } },
    });
    expect(JSON.stringify(made)).not.toMatch(/203\.0|Mozilla|IwAR|granted|1162820436/);
    const again = await checkout('payment', '10046', GRANTED);
    expect(again.metadata.tracking_ref).not.toBe(ref);
  });

  it('makes one purchase of all that Stripe tells of a payment, in any order', async () => {
    const made = await checkout('payment', '10047', GRANTED);
    const id = `pi_${platform}_2`;
    const { metadata } = made.payment_intent_data;
    const session = aSession({ payment_intent: id, metadata: made.metadata });
    for (const event of [
      stripeEvent('charge.succeeded', aCharge({ payment_intent: id, metadata })),
      stripeEvent('payment_intent.succeeded', aPaymentIntent({ id, metadata })),
      stripeEvent('checkout.session.completed', session),
      stripeEvent('checkout.session.completed', session),
    ])
      expect(await deliver(event)).toMatchObject({ status: 200 });
    for (const name of ALL) expect(stub.eventsAt(name)).toHaveLength(1);
  });

  it('carries a payment that the host takes itself', async () => {
    const metadata = await post<Record<string, string>>('/pay', { consent: GRANTED }, VISITOR);
    const id = `pi_${platform}_3`;
    const intent = aPaymentIntent({ id, metadata: { tracking_ref: metadata.tracking_ref } });
    await deliver(stripeEvent('payment_intent.succeeded', intent));
    expect(stub.eventsAt('meta')[0]).toMatchObject({
      event_id: `stripe:pi:${id}`,
      action_source: 'website',
      user_data: { client_ip_address: '203.0.113.7', fbp: 'fb.1.1759990000000.1098115397' },
    });
  });

  it('joins a subscriber to every event of a life, and claims a visit for the first alone', async () => {
    const made = await checkout('subscription', '10048', GRANTED);
    const { metadata } = made.subscription_data;
    const sub = `sub_${platform}`;
    const parent = { subscription_details: { metadata, subscription: sub } };
    const invoice = (id: string, reason: string, amount = 2000) =>
      stripeEvent(
        'invoice.paid',
        anInvoice({ id: `${id}_${platform}`, billing_reason: reason, amount_paid: amount, parent }),
      );
    const subscription = (status: string) => aSubscription({ id: sub, metadata, status });
    for (const event of [
      stripeEvent('customer.subscription.created', subscription('trialing')),
      invoice('in_0', 'subscription_create', 0),
      stripeEvent('customer.subscription.updated', subscription('active'), {
        previous: { status: 'trialing' },
      }),
      invoice('in_1', 'subscription_cycle'),
      invoice('in_2', 'subscription_cycle'),
      stripeEvent('customer.subscription.deleted', subscription('canceled')),
    ])
      expect(await deliver(event)).toMatchObject({ status: 200 });
    const seen = stub
      .eventsAt('meta')
      .map((event) => [
        event.event_name,
        event.action_source,
        (event.user_data as Record<string, unknown>).fbp,
        (event.custom_data as Record<string, unknown> | undefined)?.value,
      ]);
    const fbp = 'fb.1.1759990000000.1098115397';
    expect(seen).toEqual([
      ['StartTrial', 'website', fbp, undefined],
      ['Subscribe', 'system_generated', fbp, undefined],
      ['SubscriptionRenewed', 'system_generated', fbp, 20],
      ['SubscriptionRenewed', 'system_generated', fbp, 20],
      ['SubscriptionCanceled', 'system_generated', fbp, undefined],
    ]);
    for (const { json } of stub.requestsTo('ga4'))
      expect(json).toMatchObject({ client_id: '1162820436.1749482504' });
  });

  it('gives back part by part, and only that part', async () => {
    const made = await checkout('payment', '10049', GRANTED);
    const { metadata } = made.payment_intent_data;
    const charge = { id: `ch_${platform}`, metadata };
    for (const [soFar, before] of [
      [1000, 0],
      [2000, 1000],
      [2000, 1000],
      [4990, 2000],
    ])
      await deliver(
        stripeEvent('charge.refunded', aCharge({ ...charge, amount_refunded: soFar }), {
          previous: { amount_refunded: before },
        }),
      );
    const refunds = stub.requestsTo('ga4').map(({ json }) => json);
    const params = (value: number): unknown =>
      expect.objectContaining({
        client_id: '1162820436.1749482504',
        events: [
          expect.objectContaining({
            name: 'refund',
            params: expect.objectContaining({ transaction_id: '10049', value }),
          }),
        ],
      });
    expect(refunds).toEqual([params(10), params(10), params(29.9)]);
    expect(stub.eventsAt('meta').map((event) => event.action_source)).toEqual(
      Array(3).fill('system_generated'),
    );
  });

  it('holds to what the visitor refused at checkout, months later too', async () => {
    const made = await checkout('subscription', '10050', {
      adStorage: 'denied',
      adUserData: 'denied',
      analyticsStorage: 'granted',
    });
    const parent = {
      subscription_details: { metadata: made.subscription_data.metadata, subscription: 'sub_9' },
    };
    const id = `in_9_${platform}`;
    const invoice = anInvoice({ id, billing_reason: 'subscription_cycle', parent });
    await deliver(stripeEvent('invoice.paid', invoice));
    expect(stub.eventsAt('meta')).toEqual([]);
    expect(stub.eventsAt('tiktok')).toEqual([]);
    expect(stub.eventsAt('ga4')).toHaveLength(1);
  });

  it('sends without a snapshot what came without one, and never takes Stripe for the visitor', async () => {
    const id = `pi_${platform}_4`;
    await deliver(stripeEvent('checkout.session.completed', aSession({ payment_intent: id })));
    const [event] = stub.eventsAt('meta');
    expect(event).toMatchObject({ action_source: 'system_generated' });
    expect(event?.user_data).not.toHaveProperty('client_ip_address');
    expect(event?.user_data).not.toHaveProperty('client_user_agent');
  });

  it('answers 400 to a signature that does not match, and sends nothing', async () => {
    const event = stripeEvent('checkout.session.completed', aSession());
    expect(await deliver(event, 'whsec_wrong')).toMatchObject({ status: 400 });
    expect(stub.requests).toEqual([]);
  });

  it('logs nothing of the person', async () => {
    await deliver(stripeEvent('checkout.session.completed', aSession({ currency: 'eurodollar' })));
    expect(logger.lines.join('\n')).not.toMatch(/jane|Berlin|Hauptstr|4915112345678/i);
  });
});

describe('StripeTrackingService', () => {
  const logger = new RecordingLogger();
  let stub: PlatformStub;
  let running: RunningApp | undefined;

  beforeAll(async () => {
    stub = await PlatformStub.start();
  });

  afterEach(async () => {
    await running?.app.close();
    running = undefined;
    stub.reset();
    logger.lines.length = 0;
  });

  afterAll(() => stub.close());

  async function start(
    options?: StripeTrackingOptions,
    clock?: Clock,
    delivery?: TrackingModuleOptions['delivery'],
  ) {
    const { meta } = stub.options();
    running = await startApp('express', {
      imports: [
        TrackingModule.forRoot({ meta, delivery: { lingerMs: 5, ...delivery }, logger, clock }),
        StripeTrackingModule.forRootAsync({ useFactory: () => ({ logger, ...options }) }),
      ],
    });
    return running.app.get(StripeTrackingService);
  }

  const bought = (fields: Record<string, unknown> = {}) =>
    stripeEvent('checkout.session.completed', aSession(fields), { created: seconds() });

  it('tells that a storage was out of reach, so that Stripe delivers again', async () => {
    const payments = await start();
    await running?.app.close();
    expect(await payments.trackStripeEvent(bought())).toMatchObject({
      kind: 'not-stored',
      event: 'purchase',
    });
    await expect(payments.trackStripeEventOrFail(bought())).rejects.toMatchObject({ status: 503 });
    await expect(
      payments.trackStripeEventOrFail(stripeEvent('customer.created', {})),
    ).resolves.toMatchObject({ kind: 'ignored' });
    running = undefined;
  });

  it('tells that there was no room for it at any destination', async () => {
    stub.behave('meta', { kind: 'outage' });
    const delivery = { maxPendingEntries: 1, shutdownTimeoutMs: 0 };
    const payments = await start(undefined, undefined, delivery);
    expect(await payments.trackStripeEvent(bought())).toMatchObject({ kind: 'tracked' });
    const second = bought({ payment_intent: 'pi_second' });
    expect(await payments.trackStripeEvent(second)).toMatchObject({ kind: 'not-stored' });
    expect(await payments.trackStripeEvent(bought())).toMatchObject({ kind: 'tracked' });
  });

  it('names the key where nothing could be kept, so that the payment still counts', async () => {
    const payments = await start();
    const metadata = await payments.checkoutMetadata();
    expect(metadata).toEqual({ tracking_ref: 'none' });
    const event = stripeEvent('payment_intent.succeeded', aPaymentIntent({ metadata }), {
      created: seconds(),
    });
    expect(await payments.trackStripeEvent(event)).toMatchObject({ kind: 'tracked' });
  });

  it('knows whose the visit is by user_id in the metadata', async () => {
    const payments = await start();
    const tracking = running?.app.get(ServerTrackingService);
    const metadata = { user_id: 'user_123' };
    await payments.forCheckout({ mode: 'payment', metadata }, { ip: '203.0.113.7' });
    expect((await tracking?.exportPerson('user_123'))?.contexts).toHaveLength(1);
    const user = { id: 'user_456' };
    await payments.forCheckout({ mode: 'payment', metadata }, { ip: '203.0.113.7' }, { user });
    expect((await tracking?.exportPerson('user_456'))?.contexts).toHaveLength(1);
    expect((await tracking?.exportPerson('user_123'))?.contexts).toHaveLength(1);
  });

  it.each([[null], [7], ['subscription']])('takes %p for no options', async (options) => {
    const payments = await start();
    const given = options as unknown as object;
    const metadata = await payments.checkoutMetadata({ ip: '203.0.113.7' }, given);
    expect(metadata).toEqual({ tracking_ref: expect.not.stringMatching(/^none$/) });
    const params = await payments.forCheckout({ mode: 'payment' }, { ip: '203.0.113.7' }, given);
    expect(params).toMatchObject({ mode: 'payment', metadata: expect.any(Object) });
  });

  it('takes a reference that the host has already', async () => {
    const payments = await start();
    const ref = await running!.app
      .get(ServerTrackingService)
      .saveContext('order-7', { ip: '203.0.113.7' });
    expect(await payments.checkoutMetadata(ref, { eventId: 'order-7-paid' })).toEqual({
      tracking_ref: ref.contextRef,
      event_id: 'order-7-paid',
    });
  });

  it('knows a subscriber for as long as invoices come, and a visitor who bought once for a week', async () => {
    let days = 0;
    const clock: Clock = {
      now: () => systemClock.now() + days * DAY_MS,
      after: (delayMs, callback) => systemClock.after(delayMs, callback),
    };
    const payments = await start({}, clock);
    const [subscriber, buyer] = await Promise.all([
      payments.checkoutMetadata({ ip: '203.0.113.7' }),
      payments.checkoutMetadata({ ip: '203.0.113.8' }),
    ]);
    const problems = async (type: string, object: Record<string, unknown>) => {
      const created = Math.floor(clock.now() / 1_000);
      const result = await payments.trackStripeEvent(stripeEvent(type, object, { created }));
      await running?.app.get(ServerTrackingService).flush();
      return result.kind === 'tracked' && result.receipt.problems.map(({ field }) => field);
    };
    const renewal = (id: string) =>
      problems('invoice.paid', anInvoice({ id, billing_reason: 'subscription_cycle' }, subscriber));
    const trial = aSubscription({ status: 'trialing', metadata: subscriber });
    expect(await problems('customer.subscription.created', trial)).toEqual([]);
    for (const year of [1, 2, 3]) {
      days += 366;
      expect(await renewal(`in_year_${year}`)).toEqual([]);
    }
    days += 401;
    expect(await renewal('in_late')).toEqual(['context']);
    expect(await problems('payment_intent.succeeded', aPaymentIntent({ metadata: buyer }))).toEqual(
      ['context'],
    );
  });

  it('lets the host say what it knows better', async () => {
    const payments = await start();
    const result = await payments.trackStripeEvent(
      bought({ payment_intent: 'pi_better' }),
      {
        user: { id: 'user_123', email: 'other@example.com' },
        items: [{ id: 'SKU-1', price: 45, quantity: 1 }],
        context: { ip: '203.0.113.9' },
      },
      { until: 'settled' },
    );
    expect(result).toMatchObject({ receipt: { destinations: { meta: { kind: 'delivered' } } } });
    expect(stub.eventsAt('meta')[0]).toMatchObject({
      user_data: {
        em: [expect.not.stringContaining(JANE)],
        ct: [expect.any(String)],
        client_ip_address: '203.0.113.9',
      },
      custom_data: { content_ids: ['SKU-1'] },
    });
  });

  it("ignores an event over which an option of the host's falls, and says so without its data", async () => {
    const payments = await start({
      orderId: ({ id }) => {
        throw new TypeError(`no order for ${id}`);
      },
    });
    expect(await payments.trackStripeEvent(bought())).toEqual({
      kind: 'ignored',
      reason: 'it could not be read',
    });
    expect(logger.of('warn')).toEqual([
      'warn tracking: a Stripe event could not be read: TypeError',
    ]);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['text', 'x'],
    ['a number', 7],
    ['a list', []],
    ['an object that throws', throwing()],
  ])('never rejects for %s', async (...[, value]) => {
    const payments = await start();
    await expect(payments.trackStripeEvent(value as never)).resolves.toMatchObject({
      kind: 'ignored',
    });
    await expect(payments.trackStripeEvent(bought(), value as never)).resolves.toHaveProperty(
      'kind',
    );
    await expect(
      payments.checkoutMetadata(value as never, { mode: 'subscription' }),
    ).resolves.toHaveProperty('tracking_ref');
  });

  it('does not start with an option that is wrong', async () => {
    await expect(start({ testMode: 'on' as never })).rejects.toThrow(
      'stripe.testMode: expected one of ignore, send',
    );
  });
});

function throwing(): object {
  const fail = () => {
    throw new Error('no');
  };
  return Object.defineProperties(
    {},
    {
      data: { get: fail, enumerable: true },
      user: { get: fail, enumerable: true },
      contextRef: { get: fail, enumerable: true },
    },
  );
}
