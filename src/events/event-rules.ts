import type { EventName } from './tracking-event';

/** Fields that some event has beside those that every event has. */
export type TextField = keyof typeof TEXT_LIMITS;
export type AmountField = (typeof AMOUNT_FIELDS)[number];

/** The most characters of each text field. */
export const TEXT_LIMITS = {
  orderId: 200,
  refundId: 200,
  invoiceId: 200,
  subscriptionId: 200,
  leadId: 200,
  listId: 200,
  listName: 200,
  leadName: 200,
  leadSource: 200,
  title: 500,
  searchTerm: 500,
  method: 100,
  coupon: 100,
  shippingTier: 100,
  paymentType: 100,
  customerType: 20,
  phase: 20,
  plan: 200,
  reason: 200,
  eventName: 50,
} as const;

export const AMOUNT_FIELDS = ['tax', 'shipping', 'predictedLtv'] as const;

/** What one canonical event consists of, beside what all have. */
export interface EventRule {
  readonly texts: readonly TextField[];
  readonly amounts?: readonly AmountField[];
  readonly items?: boolean;
  /** `required`: the event is rejected without a value and a currency. */
  readonly value?: 'optional' | 'required';
  readonly required?: TextField;
}

const CART: EventRule = { texts: ['coupon'], items: true, value: 'optional' };

/** The vocabulary as a table: the one place that says which event has which fields. */
export const EVENT_RULES: Readonly<Record<EventName, EventRule>> = {
  page_view: { texts: ['title'] },
  view_item: CART,
  view_item_list: { ...CART, texts: ['coupon', 'listId', 'listName'] },
  search: { ...CART, texts: ['coupon', 'searchTerm'], required: 'searchTerm' },
  add_to_cart: CART,
  remove_from_cart: CART,
  add_to_wishlist: CART,
  begin_checkout: CART,
  add_shipping_info: { ...CART, texts: ['coupon', 'shippingTier'] },
  add_payment_info: { ...CART, texts: ['coupon', 'paymentType'] },
  purchase: {
    texts: ['orderId', 'coupon', 'customerType'],
    amounts: ['tax', 'shipping'],
    items: true,
    value: 'required',
    required: 'orderId',
  },
  refund: {
    texts: ['orderId', 'refundId'],
    amounts: ['tax', 'shipping'],
    items: true,
    value: 'required',
    required: 'orderId',
  },
  sign_up: { texts: ['method'], value: 'optional' },
  login: { texts: ['method'] },
  lead: { texts: ['leadId', 'leadName', 'leadSource'], value: 'optional' },
  contact: { texts: ['method'] },
  subscription: {
    texts: ['phase', 'subscriptionId', 'plan', 'invoiceId', 'reason'],
    amounts: ['predictedLtv'],
    value: 'optional',
    required: 'phase',
  },
  custom: { ...CART, texts: ['eventName', 'coupon'], required: 'eventName' },
};

export const EVENT_NAMES = Object.keys(EVENT_RULES) as readonly EventName[];

export function isEventName(name: unknown): name is EventName {
  return typeof name === 'string' && Object.hasOwn(EVENT_RULES, name);
}
