import type { JsonValue, ServerGtmOptions } from 'nestjs-server-tracking';

import { CONTEXT, EVENTS, FREE_ORDER, VISIT, type GoldenEvent } from './events';
import type { Golden } from './golden';
import { JANE } from './people';

/** Where every request goes; a container needs no secret. */
export const SERVER_GTM_REQUEST = {
  method: 'POST',
  path: '/gtm/mp/collect',
  query: { measurement_id: 'G-EXAMPLE2' },
  headers: { 'content-type': 'application/json' },
} as const;

/** What the visit says to all tags, because the visitor's cookies are not on our request. */
const PAGE_AND_CLICKS = {
  engagement_time_msec: 1,
  page_location: 'https://shop.example.com/checkout/thanks',
  page_referrer: 'https://shop.example.com/checkout',
  language: 'en-GB',
  fbp: 'fb.1.1759990000000.1098115397',
  fbc: 'fb.1.1759990000000.IwAR0abcDEF',
  ttp: '2F7h37YkS1j57AYSKTI7IHhJPYH',
  ttclid: 'E.C.P.example',
  gclid: 'Cj0KCQexample',
} as const;

const SESSION = { session_id: '1759999422' } as const;

const EXTERNAL_ID = {
  external_id: '80fba0ae1c48e3978e43e4efc365e14e12ea0c830ba8ba5b9a2dafc7e3f2ab8b',
} as const;

const PARAMS = { ...SESSION, ...EXTERNAL_ID, ...PAGE_AND_CLICKS } as const;

/** For triggers, which cannot see the consent of the body. */
const ALL_GRANTED = {
  consent_ad_storage: 'granted',
  consent_analytics_storage: 'granted',
  consent_ad_user_data: 'granted',
  consent_ad_personalization: 'granted',
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

const USER_AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36';

/** The browser of the visit: the container would see ours. */
const BROWSER = { ip_override: '203.0.113.7', user_agent: USER_AGENT } as const;

/** What a request says of Mary, who allowed everything. */
const MARY = {
  client_id: '1162820436.1749482504',
  user_id: 'user_123',
  timestamp_micros: TIMESTAMP,
  ...BROWSER,
  user_data: MARY_HASHED,
  consent: { ad_user_data: 'GRANTED', ad_personalization: 'GRANTED' },
} as const;

function maryDid(name: string, params: Readonly<Record<string, JsonValue>>): JsonValue {
  return {
    ...MARY,
    events: [
      { name, timestamp_micros: TIMESTAMP, params: { ...PARAMS, ...ALL_GRANTED, ...params } },
    ],
  };
}

/** The whole body for each event of `EVENTS`. */
export const SERVER_GTM_BODIES: Readonly<Record<GoldenEvent, JsonValue>> = {
  page_view: maryDid('page_view', {
    event_id: 'e-page-view',
    page_title: 'Mugs',
    page_location: 'https://shop.example.com/mugs?utm_source=meta&gclid=Cj0KCQexample',
    page_referrer: 'https://www.example.org/blog',
    gbraid: '0AAAAAexample',
    wbraid: 'ClIexample',
  }),
  view_item: maryDid('view_item', {
    event_id: 'e-view-item',
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
    event_id: 'e-view-item-list',
    item_list_id: 'L1',
    item_list_name: 'Autumn offers',
    items: ITEMS,
  }),
  search: maryDid('search', { event_id: 'e-search', search_term: 'Blue mug' }),
  add_to_cart: maryDid('add_to_cart', { event_id: 'e-add-to-cart', ...CART }),
  remove_from_cart: maryDid('remove_from_cart', { event_id: 'e-remove-from-cart', ...CART }),
  add_to_wishlist: maryDid('add_to_wishlist', { event_id: 'e-add-to-wishlist', ...CART }),
  begin_checkout: maryDid('begin_checkout', {
    event_id: 'e-begin-checkout',
    ...CART,
    coupon: 'AUTUMN',
  }),
  add_shipping_info: maryDid('add_shipping_info', {
    event_id: 'e-add-shipping-info',
    ...CART,
    coupon: 'AUTUMN',
    shipping_tier: 'express',
  }),
  add_payment_info: maryDid('add_payment_info', {
    event_id: 'e-add-payment-info',
    ...CART,
    coupon: 'AUTUMN',
    payment_type: 'card',
  }),
  purchase: maryDid('purchase', {
    event_id: 'purchase:ORD-10045',
    ...CART,
    transaction_id: 'ORD-10045',
    tax: 9.48,
    shipping: 4,
    coupon: 'AUTUMN',
    customer_type: 'new',
  }),
  refund: maryDid('refund', {
    event_id: 'refund:ORD-10045:re_1',
    transaction_id: 'ORD-10045',
    value: 24.95,
    currency: 'EUR',
    items: [{ item_id: 'SKU-1', item_name: 'Mug', price: 24.95, quantity: 1, index: 0 }],
  }),
  sign_up: maryDid('sign_up', { event_id: 'e-sign-up', method: 'email' }),
  login: maryDid('login', { event_id: 'e-login', method: 'google' }),
  lead: maryDid('generate_lead', {
    event_id: 'e-lead',
    value: 0,
    currency: 'EUR',
    lead_source: 'footer form',
  }),
  contact: maryDid('contact', { event_id: 'e-contact', method: 'chat' }),
  subscription_start: maryDid('subscribe', {
    event_id: 'e-subscription-start',
    subscription_id: 'sub_1QexAMPLE',
    plan: 'Pro',
    value: 20,
    currency: 'EUR',
  }),
  subscription_trial: maryDid('start_trial', {
    event_id: 'e-subscription-trial',
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
    ...BROWSER,
    user_data: MARY_HASHED,
    events: [
      {
        name: 'subscription_renewed',
        timestamp_micros: TIMESTAMP,
        params: {
          ...EXTERNAL_ID,
          ...PAGE_AND_CLICKS,
          event_id: 'e-subscription-renew',
          subscription_id: 'sub_1QexAMPLE',
          plan: 'Pro',
          value: 20,
          currency: 'EUR',
        },
      },
    ],
  },
  subscription_cancel: maryDid('subscription_cancelled', {
    event_id: 'e-subscription-cancel',
    subscription_id: 'sub_1QexAMPLE',
    plan: 'Pro',
    reason: 'too expensive',
  }),
  custom: maryDid('TrialExtended', {
    event_id: 'e-custom',
    value: 5,
    currency: 'EUR',
    days: 0,
    channel: 'support chat',
    is_first: false,
  }),
};

/** `VISIT`, as a container reads it. */
const PLAIN_VISIT = {
  client_id: '1162820436.1749482504',
  user_id: 'user_123',
  timestamp_micros: TIMESTAMP,
  ...BROWSER,
  events: [
    {
      name: 'page_view',
      timestamp_micros: TIMESTAMP,
      params: { ...PARAMS, event_id: 'e-visit' },
    },
  ],
} as const;

export const SERVER_GTM_GOLDENS: readonly Golden<ServerGtmOptions>[] = [
  {
    rule: 'hands on the secret where the container wants one',
    options: { apiSecret: 'gtm-secret-example' },
    event: VISIT,
    url: { query: { measurement_id: 'G-EXAMPLE2', api_secret: 'gtm-secret-example' } },
    body: PLAIN_VISIT,
  },
  {
    rule: 'shows the request in the preview of the container',
    options: { previewToken: 'ZW52LTR8example' },
    event: VISIT,
    headers: { 'x-gtm-server-preview': 'ZW52LTR8example' },
    body: PLAIN_VISIT,
  },
  {
    rule: 'tells the triggers, and Google, that personalised ads were refused',
    event: {
      ...VISIT,
      consent: {
        adStorage: 'granted',
        analyticsStorage: 'granted',
        adUserData: 'granted',
        adPersonalization: 'denied',
      },
    },
    body: {
      ...PLAIN_VISIT,
      consent: { ad_user_data: 'GRANTED', ad_personalization: 'DENIED' },
      events: [
        {
          name: 'page_view',
          timestamp_micros: TIMESTAMP,
          params: {
            ...PARAMS,
            event_id: 'e-visit',
            consent_ad_storage: 'granted',
            consent_analytics_storage: 'granted',
            consent_ad_user_data: 'granted',
            consent_ad_personalization: 'denied',
          },
        },
      ],
    },
  },
  {
    rule: 'says nothing of a purpose that nobody decided on',
    event: { ...VISIT, consent: { analyticsStorage: 'granted', adStorage: 'unknown' } },
    body: {
      ...PLAIN_VISIT,
      events: [
        {
          name: 'page_view',
          timestamp_micros: TIMESTAMP,
          params: { ...PARAMS, event_id: 'e-visit', consent_analytics_storage: 'granted' },
        },
      ],
    },
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
            event_id: 'purchase:ORD-10046',
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
      ...BROWSER,
      user_data: MARY_HASHED,
      events: [
        {
          name: 'purchase',
          timestamp_micros: TIMESTAMP,
          params: {
            ...EXTERNAL_ID,
            ...PAGE_AND_CLICKS,
            event_id: 'e-subscription-renew',
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
      client_id: '1162820436.1749482504',
      timestamp_micros: TIMESTAMP,
      ...BROWSER,
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
      events: [
        {
          name: 'page_view',
          timestamp_micros: TIMESTAMP,
          params: { ...SESSION, ...PAGE_AND_CLICKS, event_id: 'e-visit' },
        },
      ],
    },
  },
  {
    rule: 'keeps a private address of the network to itself',
    event: { ...VISIT, context: { ...CONTEXT, ip: 'fd00::8' } },
    body: {
      client_id: '1162820436.1749482504',
      user_id: 'user_123',
      timestamp_micros: TIMESTAMP,
      user_agent: USER_AGENT,
      events: PLAIN_VISIT.events,
    },
  },
];
