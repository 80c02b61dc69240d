import type { JsonValue, MetaOptions } from 'nestjs-server-tracking';

import { CONTEXT, EVENTS, FREE_ORDER, OCCURRED_AT, VISIT, type GoldenEvent } from './events';
import type { Golden } from './golden';
import { HASHED, JANE, MARY, MARY_ANN, VALERY, XIAOMING } from './people';

/** Where every request goes, and the headers that carry it: the token is in neither. */
export const META_REQUEST = {
  method: 'POST',
  path: '/v25.0/1234567890123456/events',
  query: {},
  headers: { 'content-type': 'application/json' },
} as const;

/** The visit of `CONTEXT`, as Meta reads it. */
const WEB_VISIT = {
  event_time: 1760000000,
  action_source: 'website',
  event_source_url: 'https://shop.example.com/checkout/thanks',
  referrer_url: 'https://shop.example.com/checkout',
} as const;

/** Raw, because Meta wants it so. */
const BROWSER = {
  client_ip_address: '203.0.113.7',
  client_user_agent:
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36',
  fbp: 'fb.1.1759990000000.1098115397',
  fbc: 'fb.1.1759990000000.IwAR0abcDEF',
} as const;

const EXTERNAL_ID = {
  external_id: ['80fba0ae1c48e3978e43e4efc365e14e12ea0c830ba8ba5b9a2dafc7e3f2ab8b'],
} as const;

/** `john_smith@gmail.com`, `12133734253`, `mary`, `obrien`, `19970216`, `f`, `newyork`, `ca`, `94035`, `us`. */
const MARY_HASHED = {
  ...EXTERNAL_ID,
  em: ['62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'],
  ph: ['1f81adb30e11317806be982cc82769fbf8627833a89dd87cb24d282f71828830'],
  fn: ['6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec'],
  ln: ['b4cb6cb33fe4b865868de825023a1e2790dc12ac01ecc8d7c5afe8254071c8ba'],
  db: ['01acdbf6ec7b4f478a225f1a246e5d6767eeab1a7ffa17f025265b5b94f40f0c'],
  ge: ['252f10c83610ebca1a059c0bae8255eba2f95be4d1d7bcfa89d7248a82d9f111'],
  ct: ['350c754ba4d38897693aa077ef43072a859d23f613443133fecbbd90a3512ca5'],
  st: ['6959097001d10501ac7d54c0bdb8db61420f658f2922cc26e46d536119a31126'],
  zp: ['1794327a4d443904421f5ca1f3d72d0a62ba2f0770d80755ec2220fc0efb052e'],
  country: ['79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621'],
} as const;

const MARY_HERE = { ...MARY_HASHED, ...BROWSER } as const;

/** Two mugs and a tea towel: three things in two lines. */
const CART = {
  value: 59.4,
  currency: 'EUR',
  content_type: 'product',
  content_ids: ['SKU-1', 'SKU-2'],
  contents: [
    {
      id: 'SKU-1',
      quantity: 2,
      item_price: 24.95,
      title: 'Mug',
      brand: 'Acme',
      category: 'Kitchen',
    },
    { id: 'SKU-2', quantity: 1, item_price: 9.5, title: 'Tea towel' },
  ],
  num_items: 3,
} as const;

function request(event: JsonValue): JsonValue {
  return {
    data: [event],
    access_token: 'EAAtokenexample',
    partner_agent: 'nestjs-server-tracking',
  };
}

/** The whole body for each event of `EVENTS`. */
export const META_BODIES: Readonly<Record<GoldenEvent, JsonValue>> = {
  page_view: request({
    ...WEB_VISIT,
    event_name: 'PageView',
    event_id: 'e-page-view',
    event_source_url: 'https://shop.example.com/mugs?utm_source=meta&gclid=Cj0KCQexample',
    referrer_url: 'https://www.example.org/blog',
    user_data: MARY_HERE,
  }),
  view_item: request({
    ...WEB_VISIT,
    event_name: 'ViewContent',
    event_id: 'e-view-item',
    user_data: MARY_HERE,
    custom_data: {
      value: 24.95,
      currency: 'EUR',
      content_name: 'Mug',
      content_category: 'Kitchen',
      content_type: 'product',
      content_ids: ['SKU-1'],
      contents: [
        {
          id: 'SKU-1',
          quantity: 1,
          item_price: 24.95,
          title: 'Mug',
          brand: 'Acme',
          category: 'Kitchen',
        },
      ],
      num_items: 1,
    },
  }),
  view_item_list: request({
    ...WEB_VISIT,
    event_name: 'ViewContent',
    event_id: 'e-view-item-list',
    user_data: MARY_HERE,
    custom_data: {
      content_type: 'product_group',
      content_ids: ['SKU-1', 'SKU-2'],
      content_category: 'Autumn offers',
    },
  }),
  search: request({
    ...WEB_VISIT,
    event_name: 'Search',
    event_id: 'e-search',
    user_data: MARY_HERE,
    custom_data: { search_string: 'Blue mug' },
  }),
  add_to_cart: request({
    ...WEB_VISIT,
    event_name: 'AddToCart',
    event_id: 'e-add-to-cart',
    user_data: MARY_HERE,
    custom_data: CART,
  }),
  remove_from_cart: request({
    ...WEB_VISIT,
    event_name: 'RemoveFromCart',
    event_id: 'e-remove-from-cart',
    user_data: MARY_HERE,
    custom_data: CART,
  }),
  add_to_wishlist: request({
    ...WEB_VISIT,
    event_name: 'AddToWishlist',
    event_id: 'e-add-to-wishlist',
    user_data: MARY_HERE,
    custom_data: CART,
  }),
  begin_checkout: request({
    ...WEB_VISIT,
    event_name: 'InitiateCheckout',
    event_id: 'e-begin-checkout',
    user_data: MARY_HERE,
    custom_data: CART,
  }),
  add_shipping_info: request({
    ...WEB_VISIT,
    event_name: 'AddShippingInfo',
    event_id: 'e-add-shipping-info',
    user_data: MARY_HERE,
    custom_data: { value: 59.4, currency: 'EUR', shipping_tier: 'express' },
  }),
  add_payment_info: request({
    ...WEB_VISIT,
    event_name: 'AddPaymentInfo',
    event_id: 'e-add-payment-info',
    user_data: MARY_HERE,
    custom_data: CART,
  }),
  purchase: request({
    ...WEB_VISIT,
    event_name: 'Purchase',
    event_id: 'purchase:ORD-10045',
    user_data: MARY_HERE,
    custom_data: { ...CART, order_id: 'ORD-10045' },
  }),
  refund: request({
    ...WEB_VISIT,
    event_name: 'Refund',
    event_id: 'refund:ORD-10045:re_1',
    user_data: MARY_HERE,
    custom_data: { value: 24.95, currency: 'EUR', order_id: 'ORD-10045' },
  }),
  sign_up: request({
    ...WEB_VISIT,
    event_name: 'CompleteRegistration',
    event_id: 'e-sign-up',
    user_data: MARY_HERE,
    custom_data: { status: 'completed', content_name: 'email' },
  }),
  login: request({
    ...WEB_VISIT,
    event_name: 'Login',
    event_id: 'e-login',
    user_data: MARY_HERE,
    custom_data: { method: 'google' },
  }),
  lead: request({
    ...WEB_VISIT,
    event_name: 'Lead',
    event_id: 'e-lead',
    user_data: MARY_HERE,
    custom_data: {
      value: 0,
      currency: 'EUR',
      content_name: 'Newsletter',
      lead_event_source: 'footer form',
    },
  }),
  contact: request({
    ...WEB_VISIT,
    event_name: 'Contact',
    event_id: 'e-contact',
    user_data: MARY_HERE,
  }),
  subscription_start: request({
    ...WEB_VISIT,
    event_name: 'Subscribe',
    event_id: 'e-subscription-start',
    user_data: { ...MARY_HERE, subscription_id: 'sub_1QexAMPLE' },
    custom_data: { value: 20, currency: 'EUR', predicted_ltv: 240, content_name: 'Pro' },
  }),
  subscription_trial: request({
    ...WEB_VISIT,
    event_name: 'StartTrial',
    event_id: 'e-subscription-trial',
    user_data: { ...MARY_HERE, subscription_id: 'sub_1QexAMPLE' },
    custom_data: { value: 0, currency: 'EUR', predicted_ltv: 240, content_name: 'Pro' },
  }),
  subscription_renew: request({
    ...WEB_VISIT,
    event_name: 'SubscriptionRenewed',
    event_id: 'e-subscription-renew',
    action_source: 'system_generated',
    user_data: { ...MARY_HERE, subscription_id: 'sub_1QexAMPLE' },
    custom_data: { value: 20, currency: 'EUR', content_name: 'Pro' },
  }),
  subscription_cancel: request({
    ...WEB_VISIT,
    event_name: 'SubscriptionCanceled',
    event_id: 'e-subscription-cancel',
    action_source: 'system_generated',
    user_data: { ...MARY_HERE, subscription_id: 'sub_1QexAMPLE' },
    custom_data: { content_name: 'Pro' },
  }),
  custom: request({
    ...WEB_VISIT,
    event_name: 'TrialExtended',
    event_id: 'e-custom',
    user_data: MARY_HERE,
    custom_data: {
      value: 5,
      currency: 'EUR',
      days: 0,
      channel: 'support chat',
      is_first: false,
    },
  }),
};

/** `VISIT`, as Meta reads it. */
const PLAIN_VISIT = {
  ...WEB_VISIT,
  event_name: 'PageView',
  event_id: 'e-visit',
  user_data: { ...EXTERNAL_ID, ...BROWSER },
} as const;

export const META_GOLDENS: readonly Golden<MetaOptions>[] = [
  {
    rule: 'names the test event code beside the data',
    options: { testEventCode: 'TEST12345' },
    event: VISIT,
    body: {
      data: [PLAIN_VISIT],
      access_token: 'EAAtokenexample',
      partner_agent: 'nestjs-server-tracking',
      test_event_code: 'TEST12345',
    },
  },
  {
    rule: 'proves that it knows the app secret, which it does not send',
    options: { appSecret: 'app-secret-example' },
    event: VISIT,
    body: {
      data: [PLAIN_VISIT],
      access_token: 'EAAtokenexample',
      partner_agent: 'nestjs-server-tracking',
      appsecret_proof: 'c7ad3467e9f8df3054ee06c9b289b35f4157e396d9155e6a5fa4c87da3a898e5',
    },
  },
  {
    rule: 'asks for another version of the API in the path',
    options: { apiVersion: 'v26.0' },
    event: VISIT,
    url: { path: '/v26.0/1234567890123456/events' },
    body: request(PLAIN_VISIT),
  },
  {
    rule: 'limits data use by the rules of California where the sale was refused there',
    event: { ...VISIT, consent: { saleOptOut: true, region: 'US-CA' } },
    body: request({
      ...PLAIN_VISIT,
      data_processing_options: ['LDU'],
      data_processing_options_country: 1,
      data_processing_options_state: 1000,
    }),
  },
  {
    rule: 'limits data use by the rules of Rhode Island where the sale was refused there',
    event: { ...VISIT, consent: { saleOptOut: true, region: 'US-RI' } },
    body: request({
      ...PLAIN_VISIT,
      data_processing_options: ['LDU'],
      data_processing_options_country: 1,
      data_processing_options_state: 1013,
    }),
  },
  {
    rule: 'lets Meta find the place where the sale was refused and no region is known',
    event: { ...VISIT, consent: { saleOptOut: true } },
    body: request({
      ...PLAIN_VISIT,
      data_processing_options: ['LDU'],
      data_processing_options_country: 0,
      data_processing_options_state: 0,
    }),
  },
  {
    rule: 'takes the privacy signal of the browser for a refusal of the sale',
    event: { ...VISIT, context: { ...CONTEXT, gpc: true } },
    body: request({
      ...PLAIN_VISIT,
      data_processing_options: ['LDU'],
      data_processing_options_country: 0,
      data_processing_options_state: 0,
    }),
  },
  {
    rule: 'asks to measure only where personalised ads were refused',
    event: {
      ...VISIT,
      consent: { adStorage: 'granted', adUserData: 'granted', adPersonalization: 'denied' },
    },
    body: request({ ...PLAIN_VISIT, opt_out: true }),
  },
  {
    rule: 'says that nobody was on the website where the visit is not known',
    event: {
      name: 'purchase',
      orderId: 'ORD-10045',
      value: 49.9,
      currency: 'EUR',
      occurredAt: OCCURRED_AT,
      user: MARY,
    },
    body: request({
      event_name: 'Purchase',
      event_time: 1760000000,
      event_id: 'purchase:ORD-10045',
      action_source: 'system_generated',
      user_data: MARY_HASHED,
      custom_data: { value: 49.9, currency: 'EUR', order_id: 'ORD-10045' },
    }),
  },
  {
    rule: 'keeps a private address of the network to itself',
    event: { ...VISIT, context: { ...CONTEXT, ip: '10.0.0.8' } },
    body: request({
      ...PLAIN_VISIT,
      user_data: {
        ...EXTERNAL_ID,
        client_user_agent:
          'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36',
        fbp: 'fb.1.1759990000000.1098115397',
        fbc: 'fb.1.1759990000000.IwAR0abcDEF',
      },
    }),
  },
  {
    rule: 'says what a gift costs',
    event: FREE_ORDER,
    body: request({
      ...WEB_VISIT,
      event_name: 'Purchase',
      event_id: 'purchase:ORD-10046',
      user_data: { ...EXTERNAL_ID, ...BROWSER },
      custom_data: {
        value: 0,
        currency: 'EUR',
        order_id: 'ORD-10046',
        content_type: 'product',
        content_ids: ['GIFT-1'],
        contents: [{ id: 'GIFT-1', quantity: 1, item_price: 0 }],
        num_items: 1,
      },
    }),
  },
  {
    /** A purchase has an order ID; of a renewal it is the invoice. */
    rule: 'counts a renewal as a purchase where the host wants it so',
    options: { renewalsAsPurchase: true },
    event: EVENTS.subscription_renew,
    body: request({
      ...WEB_VISIT,
      event_name: 'Purchase',
      event_id: 'e-subscription-renew',
      action_source: 'system_generated',
      user_data: { ...MARY_HERE, subscription_id: 'sub_1QexAMPLE' },
      custom_data: { value: 20, currency: 'EUR', content_name: 'Pro', order_id: 'in_2QexAMPLE' },
    }),
  },
  {
    rule: 'keeps the dots of a Gmail address and takes the plus off a British phone',
    event: { ...VISIT, user: JANE },
    body: request({
      ...PLAIN_VISIT,
      user_data: {
        em: ['831f6494ad6be4fcb3a724c3d5fef22d3ceffa3c62ef3a7984e45a0ea177f982'],
        ph: ['40b5c38342a9c584ec707e8679b003f8c779c6aaa138c976ef94e049cc05208f'],
        fn: ['81f8f6dde88365f3928796ec7aa53f72820b06db8664f5fe76a7eb13e24546a2'],
        ln: ['799ef92a11af918e3fb741df42934f3b568ed2d93ac1df74f1b8d41a27932a6f'],
        zp: ['1dc694c2070e697769fb959b50671d76cafd430d8ca191fbdd0affcaea344ac5'],
        country: ['0b407281768f0e833afef47ed464b6571d01ca4d53c12ce5c51d1462f4ad6677'],
        ...BROWSER,
      },
    }),
  },
  {
    rule: 'keeps the country code of a Chinese phone',
    event: { ...VISIT, user: XIAOMING },
    body: request({
      ...PLAIN_VISIT,
      user_data: {
        ph: ['db11f8a9e00948cb74eb8ae19bfa136d58ab9fec269f18714fbbebc28b177a74'],
        country: ['ff2082aa78aea80a27cb4fb91f0350153702c16dce790a77f0bb0bfbf6899977'],
        ...BROWSER,
      },
    }),
  },
  {
    rule: 'keeps the letters of every script, and a state that is no US state whole',
    event: { ...VISIT, user: VALERY },
    body: request({
      ...PLAIN_VISIT,
      user_data: {
        em: ['c3374bcfe3572e09f37602e0e179782352c5e117a4a3767824abbaa21bbdef8b'],
        ph: ['0efc79e9473975b30516d1873027513a35fb5ed450f0e6c13e368c4e38eceeeb'],
        fn: ['08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c'],
        ln: ['8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14'],
        ge: ['62c66a7a5dd70c3146618063c344e531e6d4b59e379808443ce962b3abd63c5a'],
        ct: ['3eda1428ae1aece064071f8d40f08fe2bc59ffa66c171a163caf15122ec4d7f0'],
        st: ['52b07f18c831ba4b08ba0b8bc84c6e023a825dfd385d20d8dcbf410d11c546e7'],
        country: ['959a45d44e6fcf58361ed004681556fe50129f2109e817dec098c00c9e5d2578'],
        ...BROWSER,
      },
    }),
  },
  {
    rule: 'takes the space out of two first names',
    event: { ...VISIT, user: MARY_ANN },
    body: request({
      ...PLAIN_VISIT,
      user_data: {
        fn: ['16b3f07f0ec2f9dd127b71dc2e6c791b7d93116a1c3bc99d057eaa7a8a077e73'],
        ln: ['6627835f988e2c5e50533d491163072d3f4f41f5c8b04630150debb3722ca2dd'],
        country: ['79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621'],
        ...BROWSER,
      },
    }),
  },
  {
    rule: 'hashes nothing twice',
    event: { ...VISIT, user: HASHED },
    body: request({
      ...PLAIN_VISIT,
      user_data: {
        ...EXTERNAL_ID,
        em: ['62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'],
        ...BROWSER,
      },
    }),
  },
  {
    rule: 'shows a custom event under the name that the host gave it',
    event: { ...VISIT, name: 'custom', eventName: 'Quote Requested' },
    body: request({ ...PLAIN_VISIT, event_name: 'Quote Requested' }),
  },
];
