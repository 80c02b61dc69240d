import type { StripeEventLike } from 'nestjs-server-tracking/stripe';

/** 2026-03-02 10:00:00 UTC. */
export const CREATED = 1_772_445_600;

type Fields = Record<string, unknown>;

let made = 0;

/** An event as a webhook of the current API version gets it. */
export function stripeEvent(
  type: string,
  object: Fields,
  { previous, ...rest }: { previous?: Fields; created?: number; livemode?: boolean } = {},
): StripeEventLike {
  made += 1;
  return {
    id: `evt_1QxY${String(made).padStart(20, '0')}`,
    object: 'event',
    api_version: '2026-07-29.dahlia',
    type,
    created: CREATED,
    livemode: true,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    ...rest,
    data: { object, ...(previous !== undefined && { previous_attributes: previous }) },
  } as StripeEventLike;
}

/** A paid Checkout Session of EUR 49.90, of which 7.97 are tax and 4.90 are shipping. */
export function aSession(fields: Fields = {}): Fields {
  return {
    id: 'cs_live_a1b2c3',
    object: 'checkout.session',
    amount_subtotal: 4500,
    amount_total: 4990,
    client_reference_id: null,
    currency: 'eur',
    customer_details: {
      address: {
        city: 'Berlin',
        country: 'DE',
        line1: 'Hauptstr. 1',
        line2: null,
        postal_code: '10115',
        state: null,
      },
      email: 'jane@example.com',
      name: 'Jane Doe',
      phone: '+4915112345678',
    },
    livemode: true,
    metadata: {},
    mode: 'payment',
    payment_intent: 'pi_3QxYabc',
    payment_status: 'paid',
    status: 'complete',
    subscription: null,
    total_details: { amount_discount: 0, amount_shipping: 490, amount_tax: 797 },
    ...fields,
  };
}

/** Without the field `invoice`, which ended with API version 2025-03-31 (basil). */
export function aPaymentIntent(fields: Fields = {}): Fields {
  return {
    id: 'pi_3QxYabc',
    object: 'payment_intent',
    amount: 4990,
    amount_received: 4990,
    capture_method: 'automatic_async',
    currency: 'eur',
    latest_charge: 'ch_3QxYabc',
    metadata: {},
    payment_details: null,
    receipt_email: null,
    status: 'succeeded',
    ...fields,
  };
}

/** The first invoice of a subscription of USD 20.00 a month. */
export function anInvoice(fields: Fields = {}, metadata: Fields = {}): Fields {
  return {
    id: 'in_1QxYabc',
    object: 'invoice',
    amount_due: 2000,
    amount_paid: 2000,
    billing_reason: 'subscription_create',
    currency: 'usd',
    customer: 'cus_abc',
    customer_email: 'jane@example.com',
    customer_name: 'Jane Doe',
    customer_phone: null,
    customer_address: null,
    lines: { object: 'list', data: [aLine()], has_more: false },
    metadata: {},
    parent: {
      type: 'subscription_details',
      quote_details: null,
      subscription_details: { metadata, subscription: 'sub_1QxYabc' },
    },
    status: 'paid',
    ...fields,
  };
}

export function aLine(fields: Fields = {}): Fields {
  return {
    id: 'il_1QxYabc',
    object: 'line_item',
    amount: 2000,
    currency: 'usd',
    metadata: {},
    parent: { type: 'subscription_item_details', invoice_item_details: null },
    pricing: {
      type: 'price_details',
      price_details: { price: 'price_basic', product: 'prod_app' },
      unit_amount_decimal: '2000',
    },
    ...fields,
  };
}

/** The same invoice in an API version before 2025-03-31. */
export function anOldInvoice(fields: Fields = {}, metadata: Fields = {}): Fields {
  return {
    ...anInvoice(fields),
    parent: undefined,
    charge: 'ch_3QxYabc',
    payment_intent: 'pi_3QxYabc',
    subscription: 'sub_1QxYabc',
    subscription_details: { metadata },
    lines: {
      object: 'list',
      data: [
        {
          id: 'il_1QxYabc',
          type: 'subscription',
          amount: 2000,
          metadata,
          price: { id: 'price_basic', object: 'price', product: 'prod_app' },
          plan: { id: 'price_basic', object: 'plan' },
        },
      ],
    },
    ...fields,
  };
}

export function aSubscription(fields: Fields = {}): Fields {
  return {
    id: 'sub_1QxYabc',
    object: 'subscription',
    cancel_at_period_end: false,
    cancellation_details: { comment: null, feedback: null, reason: null },
    currency: 'usd',
    customer: 'cus_abc',
    items: {
      object: 'list',
      data: [{ id: 'si_abc', price: { id: 'price_basic', unit_amount: 2000 }, quantity: 1 }],
    },
    metadata: {},
    status: 'active',
    trial_end: null,
    trial_start: null,
    ...fields,
  };
}

export function aCharge(fields: Fields = {}): Fields {
  return {
    id: 'ch_3QxYabc',
    object: 'charge',
    amount: 4990,
    amount_captured: 4990,
    amount_refunded: 0,
    currency: 'eur',
    metadata: {},
    payment_intent: 'pi_3QxYabc',
    refunded: false,
    status: 'succeeded',
    ...fields,
  };
}
