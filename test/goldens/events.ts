import type { Consent, Item, RequestContext, TrackingEvent } from 'nestjs-server-tracking';

import { MARY } from './people';

/** 1760000000 s. */
export const OCCURRED_AT = '2025-10-09T08:53:20Z';
/** Seven seconds later, so that a payload with the time of sending shows. */
export const SENT_AT_MS = 1_760_000_007_000;

/** A visit that clicked an ad of every platform. */
export const CONTEXT: RequestContext = {
  ip: '203.0.113.7',
  userAgent:
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36',
  url: 'https://shop.example.com/checkout/thanks',
  referrer: 'https://shop.example.com/checkout',
  language: 'en-GB',
  clickIds: {
    fbp: 'fb.1.1759990000000.1098115397',
    fbc: 'fb.1.1759990000000.IwAR0abcDEF',
    ttclid: 'E.C.P.example',
    ttp: '2F7h37YkS1j57AYSKTI7IHhJPYH',
    gclid: 'Cj0KCQexample',
  },
  gaClientId: '1162820436.1749482504',
  gaSessions: { EXAMPLE1: '1759999411', EXAMPLE2: '1759999422' },
};

export const ALL_GRANTED: Consent = {
  adStorage: 'granted',
  analyticsStorage: 'granted',
  adUserData: 'granted',
  adPersonalization: 'granted',
};

/** Two Blue mugs and one tea towel, of which little is known. */
const ITEMS: Item[] = [
  {
    id: 'SKU-1',
    name: 'Mug',
    category: 'Kitchen',
    brand: 'Acme',
    variant: 'blue',
    price: 24.95,
    quantity: 2,
  },
  { id: 'SKU-2', name: 'Tea towel', price: 9.5 },
];

const COMMON = {
  occurredAt: OCCURRED_AT,
  user: MARY,
  context: CONTEXT,
  consent: ALL_GRANTED,
} as const;
const CART = { ...COMMON, value: 59.4, currency: 'EUR', items: ITEMS } as const;

/** One event of every canonical name, subscriptions in every phase. */
export const EVENTS = {
  page_view: {
    name: 'page_view',
    eventId: 'e-page-view',
    title: 'Mugs',
    ...COMMON,
    context: {
      ...CONTEXT,
      url: 'https://shop.example.com/mugs?utm_source=meta&email=john_smith%40gmail.com&token=s3cret&gclid=Cj0KCQexample#reviews',
      referrer: 'https://www.example.org/blog',
      clickIds: { ...CONTEXT.clickIds, gbraid: '0AAAAAexample', wbraid: 'ClIexample' },
    },
  },
  view_item: {
    name: 'view_item',
    eventId: 'e-view-item',
    ...CART,
    value: 24.95,
    items: [
      {
        id: 'SKU-1',
        name: 'Mug',
        category: 'Kitchen',
        brand: 'Acme',
        variant: 'blue',
        price: 24.95,
      },
    ],
  },
  view_item_list: {
    name: 'view_item_list',
    eventId: 'e-view-item-list',
    listId: 'L1',
    listName: 'Autumn offers',
    ...COMMON,
    items: ITEMS,
  },
  search: { name: 'search', eventId: 'e-search', searchTerm: 'Blue mug', ...COMMON },
  add_to_cart: { name: 'add_to_cart', eventId: 'e-add-to-cart', ...CART },
  remove_from_cart: { name: 'remove_from_cart', eventId: 'e-remove-from-cart', ...CART },
  add_to_wishlist: { name: 'add_to_wishlist', eventId: 'e-add-to-wishlist', ...CART },
  begin_checkout: {
    name: 'begin_checkout',
    eventId: 'e-begin-checkout',
    coupon: 'AUTUMN',
    ...CART,
  },
  add_shipping_info: {
    name: 'add_shipping_info',
    eventId: 'e-add-shipping-info',
    shippingTier: 'express',
    coupon: 'AUTUMN',
    ...CART,
  },
  add_payment_info: {
    name: 'add_payment_info',
    eventId: 'e-add-payment-info',
    paymentType: 'card',
    coupon: 'AUTUMN',
    ...CART,
  },
  /** Its event ID comes from the order. */
  purchase: {
    name: 'purchase',
    orderId: 'ORD-10045',
    tax: 9.48,
    shipping: 4,
    coupon: 'AUTUMN',
    customerType: 'new',
    ...CART,
  },
  refund: {
    name: 'refund',
    orderId: 'ORD-10045',
    refundId: 're_1',
    ...CART,
    value: 24.95,
    items: [{ id: 'SKU-1', name: 'Mug', price: 24.95, quantity: 1 }],
  },
  sign_up: { name: 'sign_up', eventId: 'e-sign-up', method: 'email', ...COMMON },
  login: { name: 'login', eventId: 'e-login', method: 'google', ...COMMON },
  /** Worth nothing yet, which is a value. */
  lead: {
    name: 'lead',
    eventId: 'e-lead',
    leadId: 'L-7',
    leadName: 'Newsletter',
    leadSource: 'footer form',
    value: 0,
    currency: 'EUR',
    ...COMMON,
  },
  contact: { name: 'contact', eventId: 'e-contact', method: 'chat', ...COMMON },
  subscription_start: {
    name: 'subscription',
    phase: 'start',
    eventId: 'e-subscription-start',
    subscriptionId: 'sub_1QexAMPLE',
    plan: 'Pro',
    invoiceId: 'in_1QexAMPLE',
    value: 20,
    currency: 'EUR',
    predictedLtv: 240,
    ...COMMON,
  },
  subscription_trial: {
    name: 'subscription',
    phase: 'trial',
    eventId: 'e-subscription-trial',
    subscriptionId: 'sub_1QexAMPLE',
    plan: 'Pro',
    value: 0,
    currency: 'EUR',
    predictedLtv: 240,
    ...COMMON,
  },
  /** From a payment webhook: the visit of the checkout, whose session is over; no consent was asked. */
  subscription_renew: {
    name: 'subscription',
    phase: 'renew',
    eventId: 'e-subscription-renew',
    subscriptionId: 'sub_1QexAMPLE',
    plan: 'Pro',
    invoiceId: 'in_2QexAMPLE',
    value: 20,
    currency: 'EUR',
    occurredAt: OCCURRED_AT,
    user: MARY,
    context: { ...CONTEXT, gaSessions: undefined },
  },
  subscription_cancel: {
    name: 'subscription',
    phase: 'cancel',
    eventId: 'e-subscription-cancel',
    subscriptionId: 'sub_1QexAMPLE',
    plan: 'Pro',
    reason: 'too expensive',
    ...COMMON,
  },
  custom: {
    name: 'custom',
    eventName: 'TrialExtended',
    eventId: 'e-custom',
    value: 5,
    currency: 'EUR',
    properties: { days: 0, channel: 'support chat', is_first: false },
    ...COMMON,
  },
} as const satisfies Record<string, TrackingEvent>;

export type GoldenEvent = keyof typeof EVENTS;

/** A page view of which only the host's ID is known: a short payload for the rules beside the mapping. */
export const VISIT = {
  name: 'page_view',
  eventId: 'e-visit',
  occurredAt: OCCURRED_AT,
  user: { id: 'user_123' },
  context: CONTEXT,
} as const satisfies TrackingEvent;

/** A gift: every amount is zero, which is a value. */
export const FREE_ORDER = {
  name: 'purchase',
  orderId: 'ORD-10046',
  value: 0,
  currency: 'EUR',
  tax: 0,
  shipping: 0,
  items: [{ id: 'GIFT-1', price: 0 }],
  occurredAt: OCCURRED_AT,
  user: { id: 'user_123' },
  context: CONTEXT,
} as const satisfies TrackingEvent;
