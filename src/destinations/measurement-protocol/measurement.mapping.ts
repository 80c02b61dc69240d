import type { Consent } from '../../events/consent';
import type { Problem } from '../../events/problem';
import type { ProtectedEvent, ProtectedUserData } from '../../events/protected-event';
import type { EventName, SubscriptionPhase } from '../../events/tracking-event';
import { flatProperties } from '../flat-properties';
import { fitParams, isReservedParam, MAX_ITEMS, measurementEventName } from './measurement-limits';
import type {
  ConsentWord,
  MeasurementEvent,
  MeasurementItem,
  MeasurementParams,
  MeasurementUserData,
} from './measurement.payload';

export interface MeasurementMappingOptions {
  readonly measurementId: string;
  /** Renewals as `purchase` with the invoice as transaction. */
  readonly renewalsAsPurchase: boolean;
  /** Shows events in DebugView. */
  readonly debugMode: boolean;
}

const MEASUREMENT_EVENT_NAMES: Readonly<
  Record<Exclude<EventName, 'subscription' | 'custom'>, string>
> = {
  page_view: 'page_view',
  view_item: 'view_item',
  view_item_list: 'view_item_list',
  search: 'search',
  add_to_cart: 'add_to_cart',
  remove_from_cart: 'remove_from_cart',
  add_to_wishlist: 'add_to_wishlist',
  begin_checkout: 'begin_checkout',
  add_shipping_info: 'add_shipping_info',
  add_payment_info: 'add_payment_info',
  purchase: 'purchase',
  refund: 'refund',
  sign_up: 'sign_up',
  login: 'login',
  lead: 'generate_lead',
  contact: 'contact',
};

/** GA4 recommends no event for subscriptions; these are custom ones. */
const MEASUREMENT_SUBSCRIPTION_NAMES: Readonly<Record<SubscriptionPhase, string>> = {
  start: 'subscribe',
  trial: 'start_trial',
  renew: 'subscription_renewed',
  cancel: 'subscription_cancelled',
};

/**
 * One event of the Measurement Protocol, within all of its limits. Pure.
 *
 * @param extra parameters of the caller, which count and are cut like the others.
 * @param notes takes what had to be changed or left out.
 * @see https://developers.google.com/analytics/devguides/collection/ga4/reference/events
 */
export function mapMeasurementEvent(
  event: ProtectedEvent,
  options: MeasurementMappingOptions,
  notes: Problem[],
): MeasurementEvent {
  return {
    name: eventName(event, options, notes),
    timestamp_micros: event.occurredAtMs * 1_000,
    params: fitParams(mapParams(event, options, notes), notes),
  };
}

function eventName(
  event: ProtectedEvent,
  options: MeasurementMappingOptions,
  notes: Problem[],
): string {
  const { name, details } = event;
  if (name === 'custom') return measurementEventName(details.eventName ?? '', notes);
  if (name !== 'subscription') return MEASUREMENT_EVENT_NAMES[name];
  return isRenewalPurchase(event, options)
    ? 'purchase'
    : MEASUREMENT_SUBSCRIPTION_NAMES[details.phase ?? 'start'];
}

function isRenewalPurchase(
  { details }: ProtectedEvent,
  options: MeasurementMappingOptions,
): boolean {
  return details.phase === 'renew' && options.renewalsAsPurchase;
}

function mapParams(
  event: ProtectedEvent,
  options: MeasurementMappingOptions,
  notes: Problem[],
): MeasurementParams {
  const { name, details, context } = event;
  return {
    // Without both of these the event belongs to no session and to no active user.
    session_id: context.gaSessions?.[options.measurementId.replace(/^G-/, '')] ?? context.sessionId,
    engagement_time_msec: 1,
    // `false` would not switch it off: the key itself does it.
    debug_mode: options.debugMode ? true : undefined,
    transaction_id:
      details.orderId ?? (isRenewalPurchase(event, options) ? details.invoiceId : undefined),
    value: details.value,
    currency: details.currency,
    tax: details.tax,
    shipping: details.shipping,
    coupon: details.coupon,
    customer_type: details.customerType,
    search_term: details.searchTerm,
    method: details.method,
    item_list_id: details.listId,
    item_list_name: details.listName,
    shipping_tier: details.shippingTier,
    payment_type: details.paymentType,
    lead_source: details.leadSource,
    plan: details.plan,
    subscription_id: details.subscriptionId,
    reason: details.reason,
    items: mapItems(event, notes),
    page_location: context.url,
    page_referrer: context.referrer,
    page_title: name === 'page_view' ? details.title : undefined,
    ...flatProperties(event.properties, isReservedParam, 'GA4', notes),
  };
}

function mapItems(
  { details }: ProtectedEvent,
  notes: Problem[],
): readonly MeasurementItem[] | undefined {
  if (details.items.length === 0) return undefined;
  if (details.items.length > MAX_ITEMS) {
    notes.push({
      field: 'items',
      code: 'too_long',
      message: `GA4 takes at most ${MAX_ITEMS} items; the rest is left out`,
    });
  }
  return details.items.slice(0, MAX_ITEMS).map((item, index) => ({
    item_id: item.id.slice(0, 100),
    item_name: item.name?.slice(0, 100),
    item_brand: item.brand?.slice(0, 100),
    item_category: item.category?.slice(0, 100),
    item_variant: item.variant?.slice(0, 100),
    price: item.price,
    quantity: item.quantity,
    index,
  }));
}

/** Hashed user-provided data, or `undefined` where there is none. */
export function mapMeasurementUserData(
  userData: ProtectedUserData,
): MeasurementUserData | undefined {
  const { emailGoogle, phoneE164, firstNameGoogle, lastNameGoogle, streetGoogle } = userData;
  const hasAddress = [firstNameGoogle, lastNameGoogle, streetGoogle].some(
    (hash) => hash !== undefined,
  );
  if (emailGoogle === undefined && phoneE164 === undefined && !hasAddress) return undefined;
  return {
    sha256_email_address: emailGoogle === undefined ? undefined : [emailGoogle],
    sha256_phone_number: phoneE164 === undefined ? undefined : [phoneE164],
    address: hasAddress
      ? [
          {
            sha256_first_name: firstNameGoogle,
            sha256_last_name: lastNameGoogle,
            sha256_street: streetGoogle,
            country: userData.countryCode?.toUpperCase(),
          },
        ]
      : undefined,
  };
}

/** The two purposes that the protocol knows; one that is unknown is left to Google's own record. */
export function mapMeasurementConsent(
  consent: Consent,
): { ad_user_data?: ConsentWord; ad_personalization?: ConsentWord } | undefined {
  const adUserData = consentWord(consent.adUserData);
  const adPersonalization =
    consent.saleOptOut === true ? 'DENIED' : consentWord(consent.adPersonalization);
  if (adUserData === undefined && adPersonalization === undefined) return undefined;
  return { ad_user_data: adUserData, ad_personalization: adPersonalization };
}

function consentWord(state: string | undefined): ConsentWord | undefined {
  return state === 'granted' ? 'GRANTED' : state === 'denied' ? 'DENIED' : undefined;
}
