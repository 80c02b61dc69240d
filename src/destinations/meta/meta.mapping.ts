import type { EventDetails } from '../../events/event-details';
import type { Problem } from '../../events/problem';
import type { ProtectedEvent } from '../../events/protected-event';
import type { EventName, SubscriptionPhase } from '../../events/tracking-event';
import { flatProperties } from '../flat-properties';
import {
  META_CUSTOM_DATA_KEYS,
  type MetaContent,
  type MetaCustomData,
  type MetaServerEvent,
  type MetaUserData,
} from './meta.payload';

export interface MetaMappingOptions {
  readonly renewalsAsPurchase: boolean;
}

/** @see https://developers.facebook.com/docs/meta-pixel/reference#standard-events */
const META_EVENT_NAMES: Readonly<Record<Exclude<EventName, 'subscription' | 'custom'>, string>> = {
  page_view: 'PageView',
  view_item: 'ViewContent',
  view_item_list: 'ViewContent',
  search: 'Search',
  add_to_cart: 'AddToCart',
  remove_from_cart: 'RemoveFromCart',
  add_to_wishlist: 'AddToWishlist',
  begin_checkout: 'InitiateCheckout',
  add_shipping_info: 'AddShippingInfo',
  add_payment_info: 'AddPaymentInfo',
  purchase: 'Purchase',
  refund: 'Refund',
  sign_up: 'CompleteRegistration',
  login: 'Login',
  lead: 'Lead',
  contact: 'Contact',
};

const META_SUBSCRIPTION_NAMES: Readonly<Record<SubscriptionPhase, string>> = {
  start: 'Subscribe',
  trial: 'StartTrial',
  renew: 'SubscriptionRenewed',
  cancel: 'SubscriptionCanceled',
};

/**
 * The plain fields of a server event, before Meta's own models check and build it. Pure.
 *
 * @param notes takes what had to be left out.
 */
export function mapMetaEvent(
  event: ProtectedEvent,
  options: MetaMappingOptions,
  notes: Problem[] = [],
): MetaServerEvent {
  const { context } = event;
  const isWebsite =
    !isAutomatic(event) && context.url !== undefined && context.userAgent !== undefined;
  return {
    event_name: metaEventName(event, options),
    event_time: Math.floor(event.occurredAtMs / 1_000),
    event_id: event.eventId,
    // `website` is a claim about a browser: without its URL and user agent it would be a false one.
    action_source: isWebsite ? 'website' : 'system_generated',
    event_source_url: context.url,
    referrer_url: context.referrer,
    user_data: mapUserData(event),
    custom_data: unlessEmpty(mapCustomData(event, options, notes)),
    opt_out: event.consent.adPersonalization === 'denied' ? true : undefined,
    ...limitedDataUse(event),
  };
}

/** A renewal or a cancellation happens without anybody looking at a page; of others the host says so. */
function isAutomatic({ name, details, isAutomatic }: ProtectedEvent): boolean {
  if (isAutomatic === true) return true;
  return name === 'subscription' && (details.phase === 'renew' || details.phase === 'cancel');
}

function metaEventName({ name, details }: ProtectedEvent, options: MetaMappingOptions): string {
  if (name === 'custom') return details.eventName ?? '';
  if (name !== 'subscription') return META_EVENT_NAMES[name];
  const phase = details.phase ?? 'start';
  return phase === 'renew' && options.renewalsAsPurchase
    ? 'Purchase'
    : META_SUBSCRIPTION_NAMES[phase];
}

function mapUserData({ userData, context, details }: ProtectedEvent): MetaUserData {
  return {
    em: listOf(userData.email),
    ph: listOf(userData.phoneDigits),
    fn: listOf(userData.firstName),
    ln: listOf(userData.lastName),
    db: listOf(userData.dateOfBirth),
    ge: listOf(userData.gender),
    ct: listOf(userData.city),
    st: listOf(userData.state),
    zp: listOf(userData.postalCode),
    country: listOf(userData.country),
    external_id: listOf(userData.externalId, userData.visitorId),
    client_ip_address: context.ip,
    client_user_agent: context.userAgent,
    fbc: context.clickIds?.fbc,
    fbp: context.clickIds?.fbp,
    subscription_id: details.subscriptionId,
  };
}

function mapCustomData(
  event: ProtectedEvent,
  options: MetaMappingOptions,
  notes: Problem[],
): MetaCustomData {
  const { name, details } = event;
  const isRenewalPurchase = details.phase === 'renew' && options.renewalsAsPurchase;
  return {
    ...flatProperties(event.properties, (key) => META_CUSTOM_DATA_KEYS.has(key), 'Meta', notes),
    value: details.value,
    currency: details.currency,
    ...mapItems(name, details),
    ...mapByName(name, details),
    order_id: details.orderId ?? (isRenewalPurchase ? details.invoiceId : undefined),
    predicted_ltv: details.predictedLtv,
    search_string: details.searchTerm,
  };
}

/** Meta has no event for these; as custom ones they carry their amount alone. */
const EVENTS_WITHOUT_ITEMS: ReadonlySet<EventName> = new Set(['add_shipping_info', 'refund']);

function mapItems(name: EventName, { items, listName }: EventDetails): MetaCustomData {
  if (items.length === 0 || EVENTS_WITHOUT_ITEMS.has(name)) return {};
  const contentIds = items.map(({ id }) => id);
  if (name === 'view_item_list') {
    return { content_ids: contentIds, content_type: 'product_group', content_category: listName };
  }
  return {
    content_ids: contentIds,
    contents: items.map(({ id, quantity, price, name: title, category, brand }): MetaContent => ({
      id,
      quantity,
      item_price: price,
      title,
      category,
      brand,
    })),
    content_type: 'product',
    num_items: items.reduce((sum, { quantity }) => sum + quantity, 0),
  };
}

function mapByName(name: EventName, details: EventDetails): MetaCustomData {
  const [item] = details.items;
  switch (name) {
    case 'view_item':
      return { content_name: item?.name, content_category: item?.category };
    case 'view_item_list':
      return { content_category: details.listName };
    case 'sign_up':
      return { status: 'completed', content_name: details.method };
    case 'login':
      return { method: details.method };
    case 'lead':
      return { content_name: details.leadName, lead_event_source: details.leadSource };
    case 'subscription':
      return { content_name: details.plan };
    case 'add_shipping_info':
      return { shipping_tier: details.shippingTier };
    default:
      return {};
  }
}

/** @see https://developers.facebook.com/docs/marketing-apis/data-processing-options */
const LDU_STATES: Readonly<Record<string, number>> = {
  'US-CA': 1000,
  'US-CO': 1001,
  'US-CT': 1002,
  'US-FL': 1003,
  'US-OR': 1004,
  'US-TX': 1005,
  'US-MT': 1006,
  'US-DE': 1007,
  'US-NE': 1008,
  'US-NH': 1009,
  'US-NJ': 1010,
  'US-MN': 1011,
  'US-MD': 1012,
  'US-RI': 1013,
};

/** Limited Data Use for a person who refused sale and sharing; 0 and 0 let Meta find the place by IP. */
function limitedDataUse({ consent }: ProtectedEvent): Partial<MetaServerEvent> {
  if (consent.saleOptOut !== true) return {};
  const state = LDU_STATES[consent.region ?? ''];
  return {
    data_processing_options: ['LDU'],
    data_processing_options_country: state === undefined ? 0 : 1,
    data_processing_options_state: state ?? 0,
  };
}

/** `undefined` where there is nothing to say. */
function unlessEmpty(data: MetaCustomData): MetaCustomData | undefined {
  for (const key in data) if (data[key] !== undefined) return data;
  return undefined;
}

function listOf(hash: string | undefined, other?: string): readonly string[] | undefined {
  if (hash === undefined) return other === undefined ? undefined : [other];
  return other === undefined ? [hash] : [hash, other];
}
