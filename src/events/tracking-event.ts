import type { Consent } from './consent';
import type { Item } from './item';
import type { JsonValue } from './json-value';
import type { ContextRef, IncomingRequest, RequestContext } from './request-context';
import type { UserData } from './user-data';

/** What every event may carry. */
export interface EventInput {
  /**
   * Shared with the browser pixel, so that the platform counts one. Default: derived from the natural
   * key (`purchase:<orderId>`), else a UUID v7.
   */
  eventId?: string | undefined;
  /** `Date`, ISO 8601, or Unix milliseconds; default now. */
  occurredAt?: Date | string | number | undefined;
  user?: UserData | undefined;
  /** The visitor's request, what was read from it, or a reference to what was saved at checkout. */
  context?: RequestContext | IncomingRequest | ContextRef | undefined;
  consent?: Consent | undefined;
  /**
   * `system` for what happens without anybody looking at a page, such as a renewal: its context still says
   * who it is, but no visit is claimed. Default `visitor`; a renewal and a cancellation are always `system`.
   */
  initiatedBy?: 'visitor' | 'system' | undefined;
  tenantId?: string | undefined;
  /** Limits the event to these destinations: `['meta']`. */
  only?: readonly string[] | undefined;
  /** Anything else that a platform should see. Never personal data. */
  properties?: Readonly<Record<string, JsonValue>> | undefined;
}

/** Money is in major units: 49.9 is EUR 49.90. Zero is a value. */
export interface ValuedInput extends EventInput {
  value?: number | undefined;
  /** ISO 4217; needed as soon as there is a value. */
  currency?: string | undefined;
}

/** A step in the shop that shows what it is about. */
export interface ItemsInput extends ValuedInput {
  items?: readonly Item[] | undefined;
  coupon?: string | undefined;
}

export interface PageViewInput extends EventInput {
  title?: string | undefined;
}

export type ViewItemInput = ItemsInput;

export interface ViewItemListInput extends ItemsInput {
  listId?: string | undefined;
  listName?: string | undefined;
}

export interface SearchInput extends ItemsInput {
  searchTerm: string;
}

export type CartInput = ItemsInput;
export type BeginCheckoutInput = ItemsInput;

export interface AddShippingInfoInput extends ItemsInput {
  shippingTier?: string | undefined;
}

export interface AddPaymentInfoInput extends ItemsInput {
  paymentType?: string | undefined;
}

export interface PurchaseInput extends EventInput {
  orderId: string;
  /** Major units; 0 is a value. */
  value: number;
  /** ISO 4217. */
  currency: string;
  items?: readonly Item[] | undefined;
  tax?: number | undefined;
  shipping?: number | undefined;
  coupon?: string | undefined;
  customerType?: 'new' | 'returning' | undefined;
}

export interface RefundInput extends EventInput {
  orderId: string;
  /** Tells partial refunds of one order apart. */
  refundId?: string | undefined;
  /** What was given back, as a positive amount in major units. */
  value: number;
  currency: string;
  items?: readonly Item[] | undefined;
  tax?: number | undefined;
  shipping?: number | undefined;
}

export interface RegistrationInput extends ValuedInput {
  /** `email`, `google`, … */
  method?: string | undefined;
}

export interface LoginInput extends EventInput {
  method?: string | undefined;
}

export interface LeadInput extends ValuedInput {
  leadId?: string | undefined;
  leadName?: string | undefined;
  leadSource?: string | undefined;
}

export interface ContactInput extends EventInput {
  method?: string | undefined;
}

export const SUBSCRIPTION_PHASES = ['start', 'trial', 'renew', 'cancel'] as const;
export type SubscriptionPhase = (typeof SUBSCRIPTION_PHASES)[number];

export interface SubscriptionInput extends ValuedInput {
  phase: SubscriptionPhase;
  subscriptionId?: string | undefined;
  plan?: string | undefined;
  /** The invoice that a renewal paid; makes its event ID. */
  invoiceId?: string | undefined;
  predictedLtv?: number | undefined;
  /** Why it was cancelled. */
  reason?: string | undefined;
}

export interface CustomInput extends ItemsInput {
  /** As the platforms will show it, at most 50 characters: `TrialExtended`. */
  eventName: string;
}

interface InputByName {
  page_view: PageViewInput;
  view_item: ViewItemInput;
  view_item_list: ViewItemListInput;
  search: SearchInput;
  add_to_cart: CartInput;
  remove_from_cart: CartInput;
  add_to_wishlist: CartInput;
  begin_checkout: BeginCheckoutInput;
  add_shipping_info: AddShippingInfoInput;
  add_payment_info: AddPaymentInfoInput;
  purchase: PurchaseInput;
  refund: RefundInput;
  sign_up: RegistrationInput;
  login: LoginInput;
  lead: LeadInput;
  contact: ContactInput;
  subscription: SubscriptionInput;
  custom: CustomInput;
}

export type EventName = keyof InputByName;

/** The input of one canonical event: `InputOf<'purchase'>` is `PurchaseInput`. */
export type InputOf<Name extends EventName> = InputByName[Name];

/** Every canonical event, told apart by `name`. */
export type TrackingEvent = {
  [Name in EventName]: { readonly name: Name } & InputByName[Name];
}[EventName];
