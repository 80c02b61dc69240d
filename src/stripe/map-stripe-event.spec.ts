import {
  aCharge,
  aLine,
  anInvoice,
  anOldInvoice,
  aPaymentIntent,
  aSession,
  aSubscription,
  CREATED,
  stripeEvent,
} from '../../test/support/stripe-events';
import { mapStripeEvent } from './map-stripe-event';
import type { StripeEventLike } from './stripe-event';
import type { StripeMapping } from './stripe-mapping';
import { resolveStripeOptions, type StripeTrackingOptions } from './stripe-tracking.options';

const REF = 'Vq3mJ0c9Q1yq8m2uTz4xKw';
const MARKED = { tracking_ref: REF };
const OF_CHECKOUT = { tracking_ref: `checkout:${REF}` };

const map = (event: StripeEventLike, options?: StripeTrackingOptions) =>
  mapStripeEvent(event, resolveStripeOptions(options));

/** `purchase stripe:pi:… 49.9 EUR`, or `ignored`. */
function told(mapping: StripeMapping): string {
  if (mapping.kind === 'ignored') return 'ignored';
  const event = mapping.event as unknown as Record<string, string | number>;
  return [event.phase ?? event.name, event.eventId, event.value, event.currency]
    .filter((part) => part !== undefined)
    .join(' ');
}

describe('the table of the one source of truth', () => {
  it.each<[string, StripeEventLike, string, StripeTrackingOptions?]>([
    [
      'a paid session is a purchase',
      stripeEvent('checkout.session.completed', aSession()),
      'purchase stripe:pi:pi_3QxYabc 49.9 EUR',
    ],
    [
      'a session with an expanded payment intent is the same one',
      stripeEvent('checkout.session.completed', aSession({ payment_intent: aPaymentIntent() })),
      'purchase stripe:pi:pi_3QxYabc 49.9 EUR',
    ],
    [
      'a session without a payment intent goes by its own ID',
      stripeEvent('checkout.session.completed', aSession({ payment_intent: null })),
      'purchase stripe:cs:cs_live_a1b2c3 49.9 EUR',
    ],
    [
      'a session that waits for a bank debit is nothing yet',
      stripeEvent('checkout.session.completed', aSession({ payment_status: 'unpaid' })),
      'ignored',
    ],
    [
      'a bank debit that came is a purchase',
      stripeEvent('checkout.session.async_payment_succeeded', aSession()),
      'purchase stripe:pi:pi_3QxYabc 49.9 EUR',
    ],
    [
      'a bank debit that failed is nothing',
      stripeEvent('checkout.session.async_payment_failed', aSession({ payment_status: 'unpaid' })),
      'ignored',
    ],
    [
      'a session with nothing to pay is nothing',
      stripeEvent(
        'checkout.session.completed',
        aSession({ amount_total: 0, payment_status: 'no_payment_required' }),
      ),
      'ignored',
    ],
    [
      'a session of a subscription leaves it to the invoice',
      stripeEvent(
        'checkout.session.completed',
        aSession({ mode: 'subscription', subscription: 'sub_1QxYabc', payment_intent: null }),
      ),
      'ignored',
    ],
    [
      'a session that only stores a card is nothing',
      stripeEvent('checkout.session.completed', aSession({ mode: 'setup' })),
      'ignored',
    ],
    [
      'a session that has expired is nothing',
      stripeEvent('checkout.session.expired', aSession({ payment_status: 'unpaid' })),
      'ignored',
    ],
    [
      'a payment intent that we marked is a purchase',
      stripeEvent('payment_intent.succeeded', aPaymentIntent({ metadata: MARKED })),
      'purchase stripe:pi:pi_3QxYabc 49.9 EUR',
    ],
    [
      "a payment intent with the host's order is a purchase",
      stripeEvent('payment_intent.succeeded', aPaymentIntent({ metadata: { order_id: '7' } })),
      'purchase stripe:pi:pi_3QxYabc 49.9 EUR',
    ],
    [
      'a payment intent that says that it pays no invoice is a purchase',
      stripeEvent('payment_intent.succeeded', aPaymentIntent({ invoice: null })),
      'purchase stripe:pi:pi_3QxYabc 49.9 EUR',
    ],
    [
      'a payment intent of an invoice leaves it to the invoice',
      stripeEvent(
        'payment_intent.succeeded',
        aPaymentIntent({ invoice: 'in_1QxYabc', metadata: MARKED }),
      ),
      'ignored',
    ],
    [
      'a payment intent that refers to an invoice leaves it to the invoice',
      stripeEvent(
        'payment_intent.succeeded',
        aPaymentIntent({
          metadata: { order_id: '7' },
          payment_details: { customer_reference: 'cus_abc', order_reference: 'in_1QxYabc' },
        }),
      ),
      'ignored',
    ],
    [
      'a payment intent of Checkout leaves it to the session',
      stripeEvent('payment_intent.succeeded', aPaymentIntent({ metadata: OF_CHECKOUT })),
      'ignored',
    ],
    [
      'a payment intent of Checkout that was captured by hand tells itself',
      stripeEvent(
        'payment_intent.succeeded',
        aPaymentIntent({ metadata: OF_CHECKOUT, capture_method: 'manual', amount_received: 3000 }),
      ),
      'purchase stripe:pi:pi_3QxYabc 30 EUR',
    ],
    [
      'a payment intent that nobody marked is no sale by a guess',
      stripeEvent('payment_intent.succeeded', aPaymentIntent()),
      'ignored',
    ],
    [
      'a payment intent that nobody marked is a purchase if told so',
      stripeEvent('payment_intent.succeeded', aPaymentIntent()),
      'purchase stripe:pi:pi_3QxYabc 49.9 EUR',
      { unmarkedPaymentIntents: 'purchase' },
    ],
    [
      'the first invoice starts a subscription',
      stripeEvent('invoice.paid', anInvoice()),
      'start stripe:in:in_1QxYabc 20 USD',
    ],
    [
      'the invoice of a trial is nothing',
      stripeEvent(
        'invoice.paid',
        anInvoice({ amount_paid: 0, lines: { data: [aLine({ amount: 0 })] } }),
      ),
      'ignored',
    ],
    [
      'a fee at the beginning of a trial is a purchase and no start',
      stripeEvent(
        'invoice.paid',
        anInvoice({
          amount_paid: 500,
          lines: {
            data: [
              aLine({ amount: 0 }),
              aLine({ amount: 500, parent: { type: 'invoice_item_details' } }),
            ],
          },
        }),
      ),
      'purchase stripe:in:in_1QxYabc 5 USD',
    ],
    [
      'a coupon of the whole price is no revenue',
      stripeEvent('invoice.paid', anInvoice({ amount_paid: 0 })),
      'ignored',
    ],
    [
      'the next period is a renewal',
      stripeEvent('invoice.paid', anInvoice({ billing_reason: 'subscription_cycle' })),
      'renew stripe:in:in_1QxYabc 20 USD',
    ],
    [
      'a period that ended by its amount is a renewal',
      stripeEvent('invoice.paid', anInvoice({ billing_reason: 'subscription_threshold' })),
      'renew stripe:in:in_1QxYabc 20 USD',
    ],
    [
      'an upgrade is revenue of a running subscription',
      stripeEvent('invoice.paid', anInvoice({ billing_reason: 'subscription_update' })),
      'renew stripe:in:in_1QxYabc 20 USD',
    ],
    [
      'an upgrade is nothing if told so',
      stripeEvent('invoice.paid', anInvoice({ billing_reason: 'subscription_update' })),
      'ignored',
      { subscriptionUpdates: 'ignore' },
    ],
    ...['manual', 'quote_accept', 'automatic_pending_invoice_item_invoice'].flatMap(
      (reason): [string, StripeEventLike, string, StripeTrackingOptions?][] => {
        const invoice = anInvoice({ billing_reason: reason, parent: null });
        return [
          [`an invoice for ${reason} is nothing`, stripeEvent('invoice.paid', invoice), 'ignored'],
          [
            `an invoice for ${reason} is a purchase if told so`,
            stripeEvent('invoice.paid', invoice),
            'purchase stripe:in:in_1QxYabc 20 USD',
            { singleInvoices: 'purchase' },
          ],
        ];
      },
    ),
    [
      'an invoice for a reason that nobody knows yet is nothing',
      stripeEvent('invoice.paid', anInvoice({ billing_reason: 'subscription_gift' })),
      'ignored',
    ],
    [
      'the twin of invoice.paid is nothing',
      stripeEvent('invoice.payment_succeeded', anInvoice()),
      'ignored',
    ],
    [
      'an invoice that could not be paid is nothing',
      stripeEvent('invoice.payment_failed', anInvoice({ amount_paid: 0 })),
      'ignored',
    ],
    [
      'a subscription that begins with a trial is a trial',
      stripeEvent('customer.subscription.created', aSubscription({ status: 'trialing' })),
      'trial stripe:sub:sub_1QxYabc:trial',
    ],
    ...['active', 'incomplete'].map((status): [string, StripeEventLike, string] => [
      `a subscription that begins ${status} leaves it to the invoice`,
      stripeEvent('customer.subscription.created', aSubscription({ status })),
      'ignored',
    ]),
    [
      'a trial that became a subscription is a start without a value',
      stripeEvent('customer.subscription.updated', aSubscription(), {
        previous: { status: 'trialing' },
      }),
      'start stripe:sub:sub_1QxYabc:start',
    ],
    ...(
      [
        ['a trial that was not paid for', 'past_due', { status: 'trialing' }],
        ['a payment that was made good', 'active', { status: 'past_due' }],
        ['a first payment', 'active', { status: 'incomplete' }],
        ['the wish to cancel', 'active', { cancel_at_period_end: false }],
        ['a change during the trial', 'trialing', { items: { data: [] } }],
      ] as const
    ).map(([what, status, previous]): [string, StripeEventLike, string] => [
      `${what} is no conversion`,
      stripeEvent('customer.subscription.updated', aSubscription({ status }), { previous }),
      'ignored',
    ]),
    [
      'the end of a trial to come is nothing',
      stripeEvent('customer.subscription.trial_will_end', aSubscription({ status: 'trialing' })),
      'ignored',
    ],
    [
      'the end of a subscription is a cancellation',
      stripeEvent('customer.subscription.deleted', aSubscription({ status: 'canceled' })),
      'cancel stripe:sub:sub_1QxYabc:cancel',
    ],
    [
      'a subscription that was never paid does not end',
      stripeEvent('customer.subscription.deleted', aSubscription({ status: 'incomplete_expired' })),
      'ignored',
    ],
    [
      'a full refund is the whole amount',
      stripeEvent('charge.refunded', aCharge({ amount_refunded: 4990, refunded: true }), {
        previous: { amount_refunded: 0, refunded: false },
      }),
      'refund stripe:re:ch_3QxYabc:4990 49.9 EUR',
    ],
    [
      'a refund of a part is that part',
      stripeEvent('charge.refunded', aCharge({ amount_refunded: 3000 }), {
        previous: { amount_refunded: 1000 },
      }),
      'refund stripe:re:ch_3QxYabc:3000 20 EUR',
    ],
    [
      'a refund without what was before is all of it',
      stripeEvent('charge.refunded', aCharge({ amount_refunded: 1000 })),
      'refund stripe:re:ch_3QxYabc:1000 10 EUR',
    ],
    [
      'a refund that adds nothing is nothing',
      stripeEvent('charge.refunded', aCharge({ amount_refunded: 1000 }), {
        previous: { amount_refunded: 1000 },
      }),
      'ignored',
    ],
    ...[
      'charge.succeeded',
      'charge.updated',
      'charge.refund.updated',
      'refund.created',
      'charge.dispute.created',
      'customer.created',
      'payment_intent.created',
      'invoice.finalized',
      'invoice_payment.paid',
      'v1.billing.meter.no_meter_found',
    ].map((type): [string, StripeEventLike, string] => [
      `${type} is nothing`,
      stripeEvent(type, aCharge()),
      'ignored',
    ]),
    [
      'a sandbox is nothing',
      stripeEvent('checkout.session.completed', aSession(), { livemode: false }),
      'ignored',
    ],
    [
      'a sandbox counts if told so',
      stripeEvent('checkout.session.completed', aSession(), { livemode: false }),
      'purchase stripe:pi:pi_3QxYabc 49.9 EUR',
      { testMode: 'send' },
    ],
  ])('%s', (...[, event, expected, options]) => {
    expect(told(map(event, options))).toBe(expected);
  });
});

describe('a life', () => {
  const cycle = (id: string, fields: object = {}) =>
    stripeEvent('invoice.paid', anInvoice({ id, billing_reason: 'subscription_cycle', ...fields }));
  const LIVES: [string, readonly StripeEventLike[], readonly string[]][] = [
    [
      'with a trial, its conversion, a renewal, an upgrade and an end',
      [
        stripeEvent('customer.subscription.created', aSubscription({ status: 'trialing' })),
        stripeEvent('invoice.paid', anInvoice({ id: 'in_0', amount_paid: 0 })),
        stripeEvent('customer.subscription.trial_will_end', aSubscription({ status: 'trialing' })),
        stripeEvent('customer.subscription.updated', aSubscription(), {
          previous: { status: 'trialing' },
        }),
        stripeEvent(
          'payment_intent.succeeded',
          aPaymentIntent({ id: 'pi_1', amount_received: 2000 }),
        ),
        cycle('in_1'),
        cycle('in_2'),
        stripeEvent(
          'invoice.paid',
          anInvoice({ id: 'in_3', billing_reason: 'subscription_update', amount_paid: 1234 }),
        ),
        stripeEvent('customer.subscription.updated', aSubscription(), {
          previous: { cancel_at_period_end: true },
        }),
        stripeEvent('customer.subscription.deleted', aSubscription({ status: 'canceled' })),
      ],
      [
        'trial stripe:sub:sub_1QxYabc:trial',
        'start stripe:sub:sub_1QxYabc:start',
        'renew stripe:in:in_1 20 USD',
        'renew stripe:in:in_2 20 USD',
        'renew stripe:in:in_3 12.34 USD',
        'cancel stripe:sub:sub_1QxYabc:cancel',
      ],
    ],
    [
      'by Checkout without a trial',
      [
        stripeEvent('checkout.session.completed', aSession({ mode: 'subscription' })),
        stripeEvent('customer.subscription.created', aSubscription({ status: 'incomplete' })),
        stripeEvent('customer.subscription.updated', aSubscription(), {
          previous: { status: 'incomplete' },
        }),
        stripeEvent('invoice.paid', anInvoice()),
        stripeEvent('invoice.payment_succeeded', anInvoice()),
        stripeEvent('payment_intent.succeeded', aPaymentIntent({ amount_received: 2000 })),
        stripeEvent('charge.succeeded', aCharge()),
        cycle('in_2'),
      ],
      ['start stripe:in:in_1QxYabc 20 USD', 'renew stripe:in:in_2 20 USD'],
    ],
    [
      'of a sale that is given back in parts',
      [
        stripeEvent('checkout.session.completed', aSession({ metadata: MARKED })),
        stripeEvent('payment_intent.succeeded', aPaymentIntent({ metadata: OF_CHECKOUT })),
        stripeEvent('charge.succeeded', aCharge({ metadata: OF_CHECKOUT })),
        stripeEvent('charge.refunded', aCharge({ amount_refunded: 1000 }), {
          previous: { amount_refunded: 0 },
        }),
        stripeEvent('charge.refunded', aCharge({ amount_refunded: 2000 }), {
          previous: { amount_refunded: 1000 },
        }),
        stripeEvent('charge.refunded', aCharge({ amount_refunded: 4990, refunded: true }), {
          previous: { amount_refunded: 2000 },
        }),
      ],
      [
        'purchase stripe:pi:pi_3QxYabc 49.9 EUR',
        'refund stripe:re:ch_3QxYabc:1000 10 EUR',
        'refund stripe:re:ch_3QxYabc:2000 10 EUR',
        'refund stripe:re:ch_3QxYabc:4990 29.9 EUR',
      ],
    ],
  ];

  it.each(LIVES)('%s', (_what, events, expected) => {
    const all = events.map((event) => told(map(event))).filter((one) => one !== 'ignored');
    expect(all).toEqual(expected);
  });

  it.each(LIVES)('%s, backwards and twice, is the same', (_what, events, expected) => {
    const all = [...events, ...events].reverse().map((event) => told(map(event)));
    all.sort();
    expect([...new Set(all)].filter((one) => one !== 'ignored')).toEqual([...expected].sort());
  });
});

describe('what a purchase says', () => {
  const session = (fields: object = {}) =>
    map(stripeEvent('checkout.session.completed', aSession(fields as Record<string, unknown>)));

  it('is the whole of a session', () => {
    expect(session({ metadata: { ...MARKED, order_id: '10045', user_id: 'user_123' } })).toEqual({
      kind: 'mapped',
      contextRef: REF,
      event: {
        name: 'purchase',
        eventId: 'stripe:pi:pi_3QxYabc',
        orderId: '10045',
        value: 49.9,
        currency: 'EUR',
        tax: 7.97,
        shipping: 4.9,
        items: undefined,
        occurredAt: CREATED * 1_000,
        user: {
          id: 'user_123',
          email: 'jane@example.com',
          phone: '+4915112345678',
          fullName: 'Jane Doe',
          street: 'Hauptstr. 1',
          city: 'Berlin',
          state: undefined,
          postalCode: '10115',
          country: 'DE',
        },
      },
    });
  });

  it('has a value without tax and shipping if told so', () => {
    const event = stripeEvent('checkout.session.completed', aSession());
    expect(map(event, { purchaseValue: 'net' })).toMatchObject({
      event: { value: 37.03, tax: 7.97, shipping: 4.9 },
    });
  });

  it('has neither tax nor shipping where Stripe computed none', () => {
    expect(session({ total_details: null })).toMatchObject({
      event: { value: 49.9, tax: undefined, shipping: undefined },
    });
  });

  it('has the items of a session that the host expanded', () => {
    const data = [
      {
        id: 'li_1',
        currency: 'eur',
        description: 'T-Shirt',
        quantity: 2,
        price: { id: 'price_1', product: 'prod_1', unit_amount: 2050 },
      },
    ];
    expect(session({ line_items: { object: 'list', data } })).toMatchObject({
      event: { items: [{ id: 'prod_1', name: 'T-Shirt', quantity: 2, price: 20.5 }] },
    });
  });

  it("takes the host's event ID, so that the browser can share it", () => {
    const metadata = { ...MARKED, event_id: 'order-7-paid' };
    const of = (event: StripeEventLike) => told(map(event)).split(' ')[1];
    expect([
      of(stripeEvent('checkout.session.completed', aSession({ metadata }))),
      of(stripeEvent('payment_intent.succeeded', aPaymentIntent({ metadata }))),
      of(stripeEvent('invoice.paid', anInvoice({}, metadata))),
      of(
        stripeEvent(
          'customer.subscription.created',
          aSubscription({ status: 'trialing', metadata }),
        ),
      ),
    ]).toEqual(['order-7-paid', 'order-7-paid', 'order-7-paid', 'order-7-paid']);
  });

  it('does not carry that event ID on to what comes later', () => {
    const metadata = { ...MARKED, event_id: 'order-7-paid' };
    const later = [
      stripeEvent('invoice.paid', anInvoice({ billing_reason: 'subscription_cycle' }, metadata)),
      stripeEvent('customer.subscription.updated', aSubscription({ metadata }), {
        previous: { status: 'trialing' },
      }),
      stripeEvent('customer.subscription.deleted', aSubscription({ metadata })),
      stripeEvent('charge.refunded', aCharge({ metadata, amount_refunded: 10 })),
    ];
    expect(later.map((event) => told(map(event))).join()).not.toContain('order-7-paid');
  });

  it('uses nothing of the person but your ID if told so', () => {
    const event = stripeEvent(
      'checkout.session.completed',
      aSession({ client_reference_id: 'user_9' }),
    );
    const options: StripeTrackingOptions = {
      customerDetails: false,
      userId: (object) => object.client_reference_id ?? undefined,
    };
    expect(map(event, options)).toMatchObject({ event: { user: { id: 'user_9' } } });
    expect(JSON.stringify(map(event, options))).not.toMatch(/jane|Berlin/i);
  });

  it('names the same order in the purchase and in its refund', () => {
    const orderOf = (event: StripeEventLike, options?: StripeTrackingOptions) => {
      const mapping = map(event, options);
      return mapping.kind === 'mapped' && 'orderId' in mapping.event && mapping.event.orderId;
    };
    const both = (metadata: Record<string, string>, options?: StripeTrackingOptions) => [
      orderOf(stripeEvent('checkout.session.completed', aSession({ metadata })), options),
      orderOf(stripeEvent('charge.refunded', aCharge({ metadata, amount_refunded: 1 })), options),
    ];
    expect(both(MARKED)).toEqual(['pi_3QxYabc', 'pi_3QxYabc']);
    expect(both({ ...MARKED, order_id: '10045' })).toEqual(['10045', '10045']);
    const orderId: StripeTrackingOptions['orderId'] = ({ metadata }) => metadata?.cart;
    expect(both({ ...MARKED, cart: 'c-1' }, { orderId })).toEqual(['c-1', 'c-1']);
  });
});

describe('who was looking at a page', () => {
  it.each<[string, StripeEventLike, 'system' | undefined]>([
    ['somebody at a purchase', stripeEvent('checkout.session.completed', aSession()), undefined],
    ['somebody at a start', stripeEvent('invoice.paid', anInvoice()), undefined],
    [
      'nobody at a renewal',
      stripeEvent('invoice.paid', anInvoice({ billing_reason: 'subscription_cycle' })),
      'system',
    ],
    [
      'nobody at the end of a trial',
      stripeEvent('customer.subscription.updated', aSubscription(), {
        previous: { status: 'trialing' },
      }),
      'system',
    ],
    [
      'nobody at a refund',
      stripeEvent('charge.refunded', aCharge({ amount_refunded: 1 })),
      'system',
    ],
  ])('%s', (_rule, event, initiatedBy) => {
    const mapping = map(event);
    expect(mapping.kind === 'mapped' && mapping.event.initiatedBy).toBe(initiatedBy);
  });
});

describe('the shapes of API versions', () => {
  it.each([
    ['since basil', anInvoice({ billing_reason: 'subscription_cycle' }, MARKED)],
    ['before basil', anOldInvoice({ billing_reason: 'subscription_cycle' }, MARKED)],
    [
      'before June 2023, with the metadata on the line alone',
      {
        ...anOldInvoice({ billing_reason: 'subscription_cycle' }, MARKED),
        subscription_details: undefined,
      },
    ],
    [
      'with everything expanded',
      anOldInvoice({ billing_reason: 'subscription_cycle', subscription: aSubscription() }, MARKED),
    ],
  ])('%s an invoice says the same', (_version, invoice) => {
    expect(map(stripeEvent('invoice.paid', invoice))).toMatchObject({
      contextRef: REF,
      event: {
        phase: 'renew',
        eventId: 'stripe:in:in_1QxYabc',
        subscriptionId: 'sub_1QxYabc',
        invoiceId: 'in_1QxYabc',
        plan: 'price_basic',
        value: 20,
        currency: 'USD',
        user: { email: 'jane@example.com', fullName: 'Jane Doe' },
      },
    });
  });

  it('names the plan that was changed to', () => {
    const credit = aLine({ amount: -1500 });
    const charged = aLine({ pricing: { price_details: { price: 'price_pro' } } });
    const invoice = anInvoice({
      billing_reason: 'subscription_update',
      lines: { data: [credit, charged] },
    });
    expect(map(stripeEvent('invoice.paid', invoice))).toMatchObject({
      event: { plan: 'price_pro' },
    });
  });

  it('says why a subscription has ended', () => {
    const subscription = aSubscription({
      status: 'canceled',
      cancellation_details: { reason: 'payment_failed' },
    });
    expect(map(stripeEvent('customer.subscription.deleted', subscription))).toMatchObject({
      event: { reason: 'payment_failed', plan: 'price_basic' },
    });
  });
});

describe('what is no Stripe event', () => {
  const throwing = new Proxy(
    {},
    {
      get() {
        throw new Error('no');
      },
      ownKeys() {
        throw new Error('no');
      },
    },
  );

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['text', 'checkout.session.completed'],
    ['an empty object', {}],
    ['a thin event', { id: 'evt_1', object: 'v2.core.event', type: 'invoice.paid' }],
    ['an object without data', { type: 'invoice.paid' }],
    ['data that is text', { type: 'charge.refunded', data: 'x' }],
    ['an object that is null', { type: 'payment_intent.succeeded', data: { object: null } }],
    ['an object that throws', throwing],
    ['an object that throws inside', { type: 'invoice.paid', data: { object: throwing } }],
    [
      'amounts that are none',
      stripeEvent('checkout.session.completed', aSession({ amount_total: '4990' })),
    ],
    [
      'amounts that are no whole number',
      stripeEvent('checkout.session.completed', aSession({ amount_total: 49.9 })),
    ],
    [
      'amounts beyond all money',
      stripeEvent('checkout.session.completed', aSession({ amount_total: 1e300 })),
    ],
    ['a currency that is none', stripeEvent('invoice.paid', anInvoice({ currency: { a: 1 } }))],
    ['a negative refund', stripeEvent('charge.refunded', aCharge({ amount_refunded: -5 }))],
  ])('is ignored: %s', (_what, event) => {
    expect(mapStripeEvent(event, resolveStripeOptions())).toMatchObject({ kind: 'ignored' });
  });

  it.each(['metadata', 'customer_details', 'total_details', 'line_items', 'payment_intent'])(
    'does not fall over a %s of any kind',
    (field) => {
      for (const value of [null, 7, 'x', [], [null], throwing, { data: [null, 1, throwing] }]) {
        const event = stripeEvent('checkout.session.completed', aSession({ [field]: value }));
        expect(map(event)).toMatchObject({ kind: 'mapped', event: { value: 49.9 } });
      }
    },
  );
});
