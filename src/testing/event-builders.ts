import type { RequestContext } from '../events/request-context';
import type { InputOf, TrackingEvent } from '../events/tracking-event';
import type { UserData } from '../events/user-data';

/** A person with every field, as a host would have it. */
export function aUser(overrides: Partial<UserData> = {}): UserData {
  return {
    id: 'user_123',
    email: ' John_Smith@gmail.com',
    phone: '+1 (650) 555-1212',
    firstName: 'Mary',
    lastName: 'Smith',
    dateOfBirth: '2/16/1997',
    gender: 'Female',
    city: 'New York',
    state: 'CA',
    postalCode: '94035-1234',
    country: 'US',
    ...overrides,
  };
}

/** A visit with an IP, a browser, a page and the click IDs of every platform. */
export function aContext(overrides: Partial<RequestContext> = {}): RequestContext {
  return {
    ip: '203.0.113.7',
    userAgent:
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36',
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
    gaSessions: { EXAMPLE1: '1760000000', EXAMPLE2: '1760000000' },
    ...overrides,
  };
}

let orders = 10_000;

/** An order of two mugs; a new order ID each time. */
export function aPurchase(overrides: Partial<InputOf<'purchase'>> = {}): InputOf<'purchase'> {
  orders += 1;
  return {
    orderId: String(orders),
    value: 49.9,
    currency: 'EUR',
    tax: 9,
    shipping: 4,
    coupon: 'AUTUMN',
    items: [
      { id: 'SKU-1', name: 'Mug', category: 'Kitchen', brand: 'Acme', price: 24.95, quantity: 2 },
    ],
    user: aUser(),
    context: aContext(),
    ...overrides,
  };
}

/** Somebody signs up by e-mail. */
export function aRegistration(overrides: Partial<InputOf<'sign_up'>> = {}): InputOf<'sign_up'> {
  return { method: 'email', user: aUser(), context: aContext(), ...overrides };
}

/** One good event of every canonical name, subscriptions in every phase. */
export function everyEvent(): readonly TrackingEvent[] {
  const common = { user: aUser(), context: aContext() };
  const cart = {
    ...common,
    value: 49.9,
    currency: 'EUR',
    items: [
      { id: 'SKU-1', name: 'Mug', category: 'Kitchen', brand: 'Acme', price: 24.95, quantity: 2 },
    ],
  };
  return [
    { name: 'page_view', title: 'Mugs', ...common },
    { name: 'view_item', ...cart },
    { name: 'view_item_list', listId: 'L1', listName: 'Mugs', ...cart },
    { name: 'search', searchTerm: 'blue mug', ...common },
    { name: 'add_to_cart', ...cart },
    { name: 'remove_from_cart', ...cart },
    { name: 'add_to_wishlist', ...cart },
    { name: 'begin_checkout', coupon: 'AUTUMN', ...cart },
    { name: 'add_shipping_info', shippingTier: 'express', ...cart },
    { name: 'add_payment_info', paymentType: 'card', ...cart },
    { name: 'purchase', ...aPurchase() },
    {
      name: 'refund',
      orderId: '10045',
      refundId: 're_1',
      value: 24.95,
      currency: 'EUR',
      ...common,
    },
    { name: 'sign_up', method: 'email', ...common },
    { name: 'login', method: 'email', ...common },
    {
      name: 'lead',
      leadId: 'L-7',
      leadName: 'Newsletter',
      leadSource: 'footer',
      value: 0,
      currency: 'EUR',
      ...common,
    },
    { name: 'contact', method: 'chat', ...common },
    {
      name: 'subscription',
      phase: 'trial',
      subscriptionId: 'sub_1',
      plan: 'pro',
      value: 0,
      currency: 'EUR',
      predictedLtv: 240,
      ...common,
    },
    {
      name: 'subscription',
      phase: 'start',
      subscriptionId: 'sub_1',
      plan: 'pro',
      value: 20,
      currency: 'EUR',
      predictedLtv: 240,
      ...common,
    },
    {
      name: 'subscription',
      phase: 'renew',
      subscriptionId: 'sub_1',
      invoiceId: 'in_2',
      plan: 'pro',
      value: 20,
      currency: 'EUR',
      ...common,
    },
    {
      name: 'subscription',
      phase: 'cancel',
      subscriptionId: 'sub_1',
      plan: 'pro',
      reason: 'too_expensive',
      ...common,
    },
    { name: 'custom', eventName: 'TrialExtended', properties: { days: 7 }, ...common },
  ];
}
