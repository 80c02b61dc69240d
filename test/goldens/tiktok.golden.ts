import type { JsonValue, TikTokOptions } from 'nestjs-server-tracking';

import { CONTEXT, EVENTS, FREE_ORDER, VISIT, type GoldenEvent } from './events';
import type { Golden } from './golden';
import { HASHED, JANE, MARY_ANN, XIAOMING } from './people';

/** Where every request goes. The token is in a header of TikTok's own. */
export const TIKTOK_REQUEST = {
  method: 'POST',
  path: '/open_api/v1.3/event/track/',
  query: {},
  headers: { 'content-type': 'application/json', 'access-token': 'tiktok-token-example' },
} as const;

const EXTERNAL_ID = {
  external_id: ['80fba0ae1c48e3978e43e4efc365e14e12ea0c830ba8ba5b9a2dafc7e3f2ab8b'],
} as const;

/** Raw, because TikTok wants it so. */
const BROWSER = {
  ttclid: 'E.C.P.example',
  ttp: '2F7h37YkS1j57AYSKTI7IHhJPYH',
  ip: '203.0.113.7',
  user_agent:
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36',
  locale: 'en-GB',
} as const;

/** `john_smith@gmail.com`, `+12133734253`, `mary`, `obrien`, `94035`; city and state stay with us. */
const MARY_HERE = {
  ...EXTERNAL_ID,
  email: ['62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'],
  phone: ['9f7ec22d72092cd3c0b58726ed9c2d91b92e51a3f29837508fb2948bb22dd2fd'],
  first_name: '6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec',
  last_name: 'b4cb6cb33fe4b865868de825023a1e2790dc12ac01ecc8d7c5afe8254071c8ba',
  zip_code: '1794327a4d443904421f5ca1f3d72d0a62ba2f0770d80755ec2220fc0efb052e',
  country: 'us',
  ...BROWSER,
} as const;

/** Mary on the page of `CONTEXT`. */
const MARYS_VISIT = {
  event_time: 1760000000,
  user: MARY_HERE,
  page: {
    url: 'https://shop.example.com/checkout/thanks',
    referrer: 'https://shop.example.com/checkout',
  },
} as const;

const CART = {
  value: 59.4,
  currency: 'EUR',
  content_type: 'product',
  contents: [
    {
      content_id: 'SKU-1',
      content_name: 'Mug',
      content_category: 'Kitchen',
      brand: 'Acme',
      price: 24.95,
      quantity: 2,
    },
    { content_id: 'SKU-2', content_name: 'Tea towel', price: 9.5, quantity: 1 },
  ],
} as const;

function request(event: JsonValue): JsonValue {
  return {
    event_source: 'web',
    event_source_id: 'C0EXAMPLEPIXEL',
    partner_name: 'nestjs-server-tracking',
    data: [event],
  };
}

/** The whole body for each event of `EVENTS`; refunds are not sent unless the host wants them. */
export const TIKTOK_BODIES: Readonly<Record<Exclude<GoldenEvent, 'refund'>, JsonValue>> = {
  page_view: request({
    ...MARYS_VISIT,
    event: 'Pageview',
    event_id: 'e-page-view',
    page: {
      url: 'https://shop.example.com/mugs?utm_source=meta&gclid=Cj0KCQexample',
      referrer: 'https://www.example.org/blog',
    },
  }),
  view_item: request({
    ...MARYS_VISIT,
    event: 'ViewContent',
    event_id: 'e-view-item',
    properties: {
      value: 24.95,
      currency: 'EUR',
      content_type: 'product',
      contents: [
        {
          content_id: 'SKU-1',
          content_name: 'Mug',
          content_category: 'Kitchen',
          brand: 'Acme',
          price: 24.95,
          quantity: 1,
        },
      ],
    },
  }),
  view_item_list: request({
    ...MARYS_VISIT,
    event: 'ViewContent',
    event_id: 'e-view-item-list',
    properties: {
      content_type: 'product_group',
      content_ids: ['SKU-1', 'SKU-2'],
      description: 'Autumn offers',
    },
  }),
  search: request({
    ...MARYS_VISIT,
    event: 'Search',
    event_id: 'e-search',
    properties: { search_string: 'Blue mug', query: 'Blue mug' },
  }),
  add_to_cart: request({
    ...MARYS_VISIT,
    event: 'AddToCart',
    event_id: 'e-add-to-cart',
    properties: CART,
  }),
  remove_from_cart: request({
    ...MARYS_VISIT,
    event: 'RemoveFromCart',
    event_id: 'e-remove-from-cart',
    properties: CART,
  }),
  add_to_wishlist: request({
    ...MARYS_VISIT,
    event: 'AddToWishlist',
    event_id: 'e-add-to-wishlist',
    properties: CART,
  }),
  begin_checkout: request({
    ...MARYS_VISIT,
    event: 'InitiateCheckout',
    event_id: 'e-begin-checkout',
    properties: { ...CART, num_items: 3 },
  }),
  add_shipping_info: request({
    ...MARYS_VISIT,
    event: 'AddShippingInfo',
    event_id: 'e-add-shipping-info',
    properties: { value: 59.4, currency: 'EUR', description: 'express' },
  }),
  add_payment_info: request({
    ...MARYS_VISIT,
    event: 'AddPaymentInfo',
    event_id: 'e-add-payment-info',
    properties: CART,
  }),
  purchase: request({
    ...MARYS_VISIT,
    event: 'Purchase',
    event_id: 'purchase:ORD-10045',
    properties: { ...CART, order_id: 'ORD-10045' },
  }),
  sign_up: request({
    ...MARYS_VISIT,
    event: 'CompleteRegistration',
    event_id: 'e-sign-up',
    properties: { description: 'email' },
  }),
  login: request({
    ...MARYS_VISIT,
    event: 'Login',
    event_id: 'e-login',
    properties: { description: 'google' },
  }),
  lead: request({
    ...MARYS_VISIT,
    event: 'Lead',
    event_id: 'e-lead',
    properties: { value: 0, currency: 'EUR' },
  }),
  contact: request({
    ...MARYS_VISIT,
    event: 'Contact',
    event_id: 'e-contact',
    properties: { description: 'chat' },
  }),
  subscription_start: request({
    ...MARYS_VISIT,
    event: 'Subscribe',
    event_id: 'e-subscription-start',
    properties: { value: 20, currency: 'EUR', content_ids: ['Pro'], order_id: 'in_1QexAMPLE' },
  }),
  subscription_trial: request({
    ...MARYS_VISIT,
    event: 'StartTrial',
    event_id: 'e-subscription-trial',
    properties: { value: 0, currency: 'EUR', content_ids: ['Pro'], predicted_ltv: 240 },
  }),
  subscription_renew: request({
    ...MARYS_VISIT,
    event: 'SubscriptionRenewed',
    event_id: 'e-subscription-renew',
    properties: { value: 20, currency: 'EUR', content_ids: ['Pro'], order_id: 'in_2QexAMPLE' },
  }),
  subscription_cancel: request({
    ...MARYS_VISIT,
    event: 'SubscriptionCanceled',
    event_id: 'e-subscription-cancel',
    properties: { content_ids: ['Pro'] },
  }),
  custom: request({
    ...MARYS_VISIT,
    event: 'TrialExtended',
    event_id: 'e-custom',
    properties: {
      value: 5,
      currency: 'EUR',
      days: 0,
      channel: 'support chat',
      is_first: false,
    },
  }),
};

/** `VISIT`, as TikTok reads it. */
const PLAIN_VISIT = {
  ...MARYS_VISIT,
  event: 'Pageview',
  event_id: 'e-visit',
  user: { ...EXTERNAL_ID, ...BROWSER },
} as const;

export const TIKTOK_GOLDENS: readonly Golden<TikTokOptions>[] = [
  {
    rule: 'names the test event code beside the data',
    options: { testEventCode: 'TEST12345' },
    event: VISIT,
    body: {
      event_source: 'web',
      event_source_id: 'C0EXAMPLEPIXEL',
      partner_name: 'nestjs-server-tracking',
      test_event_code: 'TEST12345',
      data: [PLAIN_VISIT],
    },
  },
  {
    rule: 'asks for another version of the API in the path',
    options: { apiVersion: 'v1.4' },
    event: VISIT,
    url: { path: '/open_api/v1.4/event/track/' },
    body: request(PLAIN_VISIT),
  },
  {
    rule: 'sends a refund, as a positive amount, where the host wants it so',
    options: { sendRefunds: true },
    event: EVENTS.refund,
    body: request({
      ...MARYS_VISIT,
      event: 'Refund',
      event_id: 'refund:ORD-10045:re_1',
      properties: { value: 24.95, currency: 'EUR', order_id: 'ORD-10045' },
    }),
  },
  {
    rule: 'calls a purchase as the browser pixel calls it',
    options: { purchaseEventName: 'CompletePayment' },
    event: EVENTS.purchase,
    body: request({
      ...MARYS_VISIT,
      event: 'CompletePayment',
      event_id: 'purchase:ORD-10045',
      properties: { ...CART, order_id: 'ORD-10045' },
    }),
  },
  {
    rule: 'calls a lead as the browser pixel calls it',
    options: { leadEventName: 'SubmitForm' },
    event: EVENTS.lead,
    body: request({
      ...MARYS_VISIT,
      event: 'SubmitForm',
      event_id: 'e-lead',
      properties: { value: 0, currency: 'EUR' },
    }),
  },
  {
    rule: 'says what a gift costs',
    event: FREE_ORDER,
    body: request({
      ...PLAIN_VISIT,
      event: 'Purchase',
      event_id: 'purchase:ORD-10046',
      properties: {
        value: 0,
        currency: 'EUR',
        order_id: 'ORD-10046',
        content_type: 'product',
        contents: [{ content_id: 'GIFT-1', price: 0, quantity: 1 }],
      },
    }),
  },
  {
    rule: 'counts a renewal as a purchase where the host wants it so',
    options: { renewalsAsPurchase: true },
    event: EVENTS.subscription_renew,
    body: request({
      ...MARYS_VISIT,
      event: 'Purchase',
      event_id: 'e-subscription-renew',
      properties: { value: 20, currency: 'EUR', content_ids: ['Pro'], order_id: 'in_2QexAMPLE' },
    }),
  },
  {
    rule: 'limits data use where the sale was refused',
    event: { ...VISIT, consent: { saleOptOut: true, region: 'US-CA' } },
    body: request({ ...PLAIN_VISIT, limited_data_use: true }),
  },
  {
    rule: 'limits data use where the browser gives the privacy signal',
    event: { ...VISIT, context: { ...CONTEXT, gpc: true } },
    body: request({ ...PLAIN_VISIT, limited_data_use: true }),
  },
  {
    rule: 'keeps the dots of a Gmail address and the plus of a British phone',
    event: { ...VISIT, user: JANE },
    body: request({
      ...PLAIN_VISIT,
      user: {
        email: ['831f6494ad6be4fcb3a724c3d5fef22d3ceffa3c62ef3a7984e45a0ea177f982'],
        phone: ['20b18ac9de7b3aad174961827d8e451c410af9aedfd1d699927f4b29b81aa1fa'],
        first_name: '81f8f6dde88365f3928796ec7aa53f72820b06db8664f5fe76a7eb13e24546a2',
        last_name: '799ef92a11af918e3fb741df42934f3b568ed2d93ac1df74f1b8d41a27932a6f',
        zip_code: '1dc694c2070e697769fb959b50671d76cafd430d8ca191fbdd0affcaea344ac5',
        country: 'gb',
        ...BROWSER,
      },
    }),
  },
  {
    rule: 'takes +86 off a Chinese phone',
    event: { ...VISIT, user: XIAOMING },
    body: request({
      ...PLAIN_VISIT,
      user: {
        phone: ['359ea74a80a57accd42a7311ed96eca04f3e631d0ab34ea76808c543240d8a68'],
        country: 'cn',
        ...BROWSER,
      },
    }),
  },
  {
    rule: 'takes the space out of two first names',
    event: { ...VISIT, user: MARY_ANN },
    body: request({
      ...PLAIN_VISIT,
      user: {
        first_name: '16b3f07f0ec2f9dd127b71dc2e6c791b7d93116a1c3bc99d057eaa7a8a077e73',
        last_name: '6627835f988e2c5e50533d491163072d3f4f41f5c8b04630150debb3722ca2dd',
        country: 'us',
        ...BROWSER,
      },
    }),
  },
  {
    rule: 'hashes nothing twice',
    event: { ...VISIT, user: HASHED },
    body: request({
      ...PLAIN_VISIT,
      user: {
        ...EXTERNAL_ID,
        email: ['62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'],
        ...BROWSER,
      },
    }),
  },
  {
    rule: 'keeps a private address of the network to itself',
    event: { ...VISIT, context: { ...CONTEXT, ip: '192.168.1.20' } },
    body: request({
      ...PLAIN_VISIT,
      user: {
        ...EXTERNAL_ID,
        ttclid: 'E.C.P.example',
        ttp: '2F7h37YkS1j57AYSKTI7IHhJPYH',
        user_agent:
          'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36',
        locale: 'en-GB',
      },
    }),
  },
  {
    rule: 'shows a custom event under the name that the host gave it',
    event: { ...VISIT, name: 'custom', eventName: 'Quote Requested' },
    body: request({ ...PLAIN_VISIT, event: 'Quote Requested' }),
  },
];
