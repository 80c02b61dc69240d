import type { Ga4Options, JsonValue } from 'nestjs-server-tracking';

import { EVENTS, FREE_ORDER, VISIT, type GoldenEvent } from './events';
import type { Golden } from './golden';
import { HASHED, JANE, MARY as MARY_HERSELF, MARY_ANN, XIAOMING } from './people';

/** Where every request goes; Google takes the secret in the query only. */
export const GA4_REQUEST = {
  method: 'POST',
  path: '/mp/collect',
  query: { measurement_id: 'G-EXAMPLE1', api_secret: 'ga4-secret-example' },
  headers: { 'content-type': 'application/json' },
} as const;

/** What every event of the visit says: its session, its page, and that somebody was there. */
const PARAMS = {
  session_id: '1759999411',
  engagement_time_msec: 1,
  page_location: 'https://shop.example.com/checkout/thanks',
  page_referrer: 'https://shop.example.com/checkout',
} as const;

/** `john_smith@gmail.com`, `+12133734253`, `mary`, `obrien`. */
const MARY_HASHED = {
  sha256_email_address: ['62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'],
  sha256_phone_number: ['9f7ec22d72092cd3c0b58726ed9c2d91b92e51a3f29837508fb2948bb22dd2fd'],
  address: [
    {
      sha256_first_name: '6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec',
      sha256_last_name: 'b4cb6cb33fe4b865868de825023a1e2790dc12ac01ecc8d7c5afe8254071c8ba',
      country: 'US',
    },
  ],
} as const;

const ITEMS = [
  {
    item_id: 'SKU-1',
    item_name: 'Mug',
    item_brand: 'Acme',
    item_category: 'Kitchen',
    item_variant: 'blue',
    price: 24.95,
    quantity: 2,
    index: 0,
  },
  { item_id: 'SKU-2', item_name: 'Tea towel', price: 9.5, quantity: 1, index: 1 },
] as const;
const CART = { value: 59.4, currency: 'EUR', items: ITEMS } as const;

/** Microseconds; for the request and again for its one event. */
const TIMESTAMP = 1760000000000000;

/** What a request says of Mary, who allowed everything. */
const MARY = {
  client_id: '1162820436.1749482504',
  user_id: 'user_123',
  timestamp_micros: TIMESTAMP,
  user_data: MARY_HASHED,
  consent: { ad_user_data: 'GRANTED', ad_personalization: 'GRANTED' },
} as const;

function maryDid(name: string, params: Readonly<Record<string, JsonValue>>): JsonValue {
  return {
    ...MARY,
    events: [{ name, timestamp_micros: TIMESTAMP, params: { ...PARAMS, ...params } }],
  };
}

/** The whole body for each event of `EVENTS`. */
export const GA4_BODIES: Readonly<Record<GoldenEvent, JsonValue>> = {
  page_view: maryDid('page_view', {
    page_title: 'Mugs',
    page_location: 'https://shop.example.com/mugs?utm_source=meta&gclid=Cj0KCQexample',
    page_referrer: 'https://www.example.org/blog',
  }),
  view_item: maryDid('view_item', {
    value: 24.95,
    currency: 'EUR',
    items: [
      {
        item_id: 'SKU-1',
        item_name: 'Mug',
        item_brand: 'Acme',
        item_category: 'Kitchen',
        item_variant: 'blue',
        price: 24.95,
        quantity: 1,
        index: 0,
      },
    ],
  }),
  view_item_list: maryDid('view_item_list', {
    item_list_id: 'L1',
    item_list_name: 'Autumn offers',
    items: ITEMS,
  }),
  search: maryDid('search', { search_term: 'Blue mug' }),
  add_to_cart: maryDid('add_to_cart', CART),
  remove_from_cart: maryDid('remove_from_cart', CART),
  add_to_wishlist: maryDid('add_to_wishlist', CART),
  begin_checkout: maryDid('begin_checkout', { ...CART, coupon: 'AUTUMN' }),
  add_shipping_info: maryDid('add_shipping_info', {
    ...CART,
    coupon: 'AUTUMN',
    shipping_tier: 'express',
  }),
  add_payment_info: maryDid('add_payment_info', {
    ...CART,
    coupon: 'AUTUMN',
    payment_type: 'card',
  }),
  purchase: maryDid('purchase', {
    ...CART,
    transaction_id: 'ORD-10045',
    tax: 9.48,
    shipping: 4,
    coupon: 'AUTUMN',
    customer_type: 'new',
  }),
  refund: maryDid('refund', {
    transaction_id: 'ORD-10045',
    value: 24.95,
    currency: 'EUR',
    items: [{ item_id: 'SKU-1', item_name: 'Mug', price: 24.95, quantity: 1, index: 0 }],
  }),
  sign_up: maryDid('sign_up', { method: 'email' }),
  login: maryDid('login', { method: 'google' }),
  lead: maryDid('generate_lead', { value: 0, currency: 'EUR', lead_source: 'footer form' }),
  contact: maryDid('contact', { method: 'chat' }),
  subscription_start: maryDid('subscribe', {
    subscription_id: 'sub_1QexAMPLE',
    plan: 'Pro',
    value: 20,
    currency: 'EUR',
  }),
  subscription_trial: maryDid('start_trial', {
    subscription_id: 'sub_1QexAMPLE',
    plan: 'Pro',
    value: 0,
    currency: 'EUR',
  }),
  /** Without a session, which is over, and without a consent, which nobody asked for. */
  subscription_renew: {
    client_id: '1162820436.1749482504',
    user_id: 'user_123',
    timestamp_micros: TIMESTAMP,
    user_data: MARY_HASHED,
    events: [
      {
        name: 'subscription_renewed',
        timestamp_micros: TIMESTAMP,
        params: {
          engagement_time_msec: 1,
          page_location: 'https://shop.example.com/checkout/thanks',
          page_referrer: 'https://shop.example.com/checkout',
          subscription_id: 'sub_1QexAMPLE',
          plan: 'Pro',
          value: 20,
          currency: 'EUR',
        },
      },
    ],
  },
  subscription_cancel: maryDid('subscription_cancelled', {
    subscription_id: 'sub_1QexAMPLE',
    plan: 'Pro',
    reason: 'too expensive',
  }),
  custom: maryDid('TrialExtended', {
    value: 5,
    currency: 'EUR',
    days: 0,
    channel: 'support chat',
    is_first: false,
  }),
};

/** `VISIT`, as GA4 reads it. */
const PLAIN_VISIT = {
  client_id: '1162820436.1749482504',
  user_id: 'user_123',
  timestamp_micros: TIMESTAMP,
  events: [{ name: 'page_view', timestamp_micros: TIMESTAMP, params: PARAMS }],
} as const;

/** The same visit of somebody whose ID is not known. */
const VISIT_OF_A_GUEST = {
  client_id: '1162820436.1749482504',
  timestamp_micros: TIMESTAMP,
  events: [{ name: 'page_view', timestamp_micros: TIMESTAMP, params: PARAMS }],
} as const;

export const GA4_GOLDENS: readonly Golden<Ga4Options>[] = [
  {
    rule: 'sends address and browser where the host wants it so',
    options: { sendIpAddress: true, sendUserAgent: true },
    event: VISIT,
    body: {
      ...PLAIN_VISIT,
      ip_override: '203.0.113.7',
      user_agent:
        'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36',
    },
  },
  {
    rule: 'shows the event in DebugView',
    options: { debugMode: true },
    event: VISIT,
    body: {
      ...PLAIN_VISIT,
      events: [
        {
          name: 'page_view',
          timestamp_micros: TIMESTAMP,
          params: { ...PARAMS, debug_mode: true },
        },
      ],
    },
  },
  {
    rule: 'asks the validation server instead',
    options: { validate: true },
    event: VISIT,
    url: { path: '/debug/mp/collect' },
    body: PLAIN_VISIT,
  },
  {
    rule: 'says that personalised ads were refused',
    event: {
      ...VISIT,
      consent: { analyticsStorage: 'granted', adUserData: 'granted', adPersonalization: 'denied' },
    },
    body: { ...PLAIN_VISIT, consent: { ad_user_data: 'GRANTED', ad_personalization: 'DENIED' } },
  },
  {
    rule: 'says that user data for ads was refused, and sends none',
    event: {
      ...VISIT,
      user: MARY_HERSELF,
      consent: { analyticsStorage: 'granted', adUserData: 'denied', adPersonalization: 'denied' },
    },
    body: { ...PLAIN_VISIT, consent: { ad_user_data: 'DENIED', ad_personalization: 'DENIED' } },
  },
  {
    rule: 'says nothing of a purpose that nobody decided on',
    event: {
      ...VISIT,
      consent: { analyticsStorage: 'granted', adUserData: 'granted', adPersonalization: 'unknown' },
    },
    body: { ...PLAIN_VISIT, consent: { ad_user_data: 'GRANTED' } },
  },
  {
    rule: 'says what a gift costs',
    event: FREE_ORDER,
    body: {
      ...PLAIN_VISIT,
      events: [
        {
          name: 'purchase',
          timestamp_micros: TIMESTAMP,
          params: {
            ...PARAMS,
            transaction_id: 'ORD-10046',
            value: 0,
            currency: 'EUR',
            tax: 0,
            shipping: 0,
            items: [{ item_id: 'GIFT-1', price: 0, quantity: 1, index: 0 }],
          },
        },
      ],
    },
  },
  {
    rule: 'counts a renewal as a purchase where the host wants it so',
    options: { renewalsAsPurchase: true },
    event: EVENTS.subscription_renew,
    body: {
      client_id: '1162820436.1749482504',
      user_id: 'user_123',
      timestamp_micros: TIMESTAMP,
      user_data: MARY_HASHED,
      events: [
        {
          name: 'purchase',
          timestamp_micros: TIMESTAMP,
          params: {
            engagement_time_msec: 1,
            page_location: 'https://shop.example.com/checkout/thanks',
            page_referrer: 'https://shop.example.com/checkout',
            transaction_id: 'in_2QexAMPLE',
            subscription_id: 'sub_1QexAMPLE',
            plan: 'Pro',
            value: 20,
            currency: 'EUR',
          },
        },
      ],
    },
  },
  {
    rule: 'takes the dots out of a Gmail address',
    event: { ...VISIT, user: JANE },
    body: {
      ...VISIT_OF_A_GUEST,
      user_data: {
        sha256_email_address: ['d6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69'],
        sha256_phone_number: ['20b18ac9de7b3aad174961827d8e451c410af9aedfd1d699927f4b29b81aa1fa'],
        address: [
          {
            sha256_first_name: '81f8f6dde88365f3928796ec7aa53f72820b06db8664f5fe76a7eb13e24546a2',
            sha256_last_name: '799ef92a11af918e3fb741df42934f3b568ed2d93ac1df74f1b8d41a27932a6f',
            country: 'GB',
          },
        ],
      },
    },
  },
  {
    /** A country without a name is nobody's address. */
    rule: 'keeps plus and country code of a Chinese phone',
    event: { ...VISIT, user: XIAOMING },
    body: {
      ...VISIT_OF_A_GUEST,
      user_data: {
        sha256_phone_number: ['cc0058bc7784ae0358acf0c091025c7a69d400e148d8688badfa029c9f8c686e'],
      },
    },
  },
  {
    rule: 'keeps the space between two first names',
    event: { ...VISIT, user: MARY_ANN },
    body: {
      ...VISIT_OF_A_GUEST,
      user_data: {
        address: [
          {
            sha256_first_name: '343b97011010c3549fe7fcd6c226ed9431ea37b0b77ed78f6300a0098925faf1',
            sha256_last_name: '6627835f988e2c5e50533d491163072d3f4f41f5c8b04630150debb3722ca2dd',
            country: 'US',
          },
        ],
      },
    },
  },
  {
    rule: 'hashes nothing twice',
    event: { ...VISIT, user: HASHED },
    body: {
      ...PLAIN_VISIT,
      user_id: '80fba0ae1c48e3978e43e4efc365e14e12ea0c830ba8ba5b9a2dafc7e3f2ab8b',
      user_data: {
        sha256_email_address: ['62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'],
      },
    },
  },
  {
    rule: 'writes the name of a custom event as GA4 allows it',
    event: { ...VISIT, name: 'custom', eventName: 'Quote Requested' },
    body: {
      ...PLAIN_VISIT,
      events: [{ name: 'Quote_Requested', timestamp_micros: TIMESTAMP, params: PARAMS }],
    },
  },
];
