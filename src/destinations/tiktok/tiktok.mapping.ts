import type { EventDetails } from '../../events/event-details';
import type { Problem } from '../../events/problem';
import type { ProtectedEvent } from '../../events/protected-event';
import type { EventName, SubscriptionPhase } from '../../events/tracking-event';
import { flatProperties } from '../flat-properties';
import type { TikTokSettings } from './tiktok.options';
import {
  TIKTOK_PROPERTY_KEYS,
  type TikTokContent,
  type TikTokEvent,
  type TikTokProperties,
  type TikTokUser,
} from './tiktok.payload';

export type TikTokMappingOptions = Pick<
  TikTokSettings,
  'purchaseEventName' | 'leadEventName' | 'sendRefunds' | 'renewalsAsPurchase'
>;

/** @see https://ads.tiktok.com/help/article/supported-standard-events */
const TIKTOK_EVENT_NAMES: Readonly<
  Record<Exclude<EventName, 'purchase' | 'lead' | 'subscription' | 'custom'>, string>
> = {
  page_view: 'Pageview',
  view_item: 'ViewContent',
  view_item_list: 'ViewContent',
  search: 'Search',
  add_to_cart: 'AddToCart',
  remove_from_cart: 'RemoveFromCart',
  add_to_wishlist: 'AddToWishlist',
  begin_checkout: 'InitiateCheckout',
  add_shipping_info: 'AddShippingInfo',
  add_payment_info: 'AddPaymentInfo',
  refund: 'Refund',
  sign_up: 'CompleteRegistration',
  login: 'Login',
  contact: 'Contact',
};

const TIKTOK_SUBSCRIPTION_NAMES: Readonly<Record<SubscriptionPhase, string>> = {
  start: 'Subscribe',
  trial: 'StartTrial',
  renew: 'SubscriptionRenewed',
  cancel: 'SubscriptionCanceled',
};

/** @param notes takes what had to be left out. Pure otherwise. */
export function mapTikTokEvent(
  event: ProtectedEvent,
  options: TikTokMappingOptions,
  notes: Problem[] = [],
): TikTokEvent {
  const { context, consent } = event;
  const properties = mapProperties(event, notes);
  return {
    event: tikTokEventName(event, options),
    event_time: Math.floor(event.occurredAtMs / 1_000),
    event_id: event.eventId,
    user: mapUser(event),
    ...((context.url !== undefined || context.referrer !== undefined) && {
      page: { url: context.url, referrer: context.referrer },
    }),
    ...(Object.values(properties).some((value) => value !== undefined) && { properties }),
    // The only restriction that TikTok knows, for people in the US, whom it locates by IP.
    ...((consent.saleOptOut === true || consent.adPersonalization === 'denied') && {
      limited_data_use: true,
    }),
  };
}

function tikTokEventName({ name, details }: ProtectedEvent, options: TikTokMappingOptions): string {
  switch (name) {
    case 'purchase':
      return options.purchaseEventName;
    case 'lead':
      return options.leadEventName;
    case 'custom':
      return details.eventName ?? '';
    case 'subscription': {
      const phase = details.phase ?? 'start';
      return phase === 'renew' && options.renewalsAsPurchase
        ? options.purchaseEventName
        : TIKTOK_SUBSCRIPTION_NAMES[phase];
    }
    default:
      return TIKTOK_EVENT_NAMES[name];
  }
}

function mapUser({ userData, context }: ProtectedEvent): TikTokUser {
  return {
    email: listOf(userData.email),
    phone: listOf(userData.phoneTikTok),
    external_id: listOf(userData.externalId, userData.visitorId),
    first_name: userData.firstName,
    last_name: userData.lastName,
    zip_code: userData.postalCode,
    country: userData.countryCode,
    ttclid: context.clickIds?.ttclid,
    ttp: context.clickIds?.ttp,
    ip: context.ip,
    user_agent: context.userAgent,
    locale: context.language,
  };
}

function mapProperties(event: ProtectedEvent, notes: Problem[]): TikTokProperties {
  const { name, details } = event;
  return {
    ...flatProperties(event.properties, (key) => TIKTOK_PROPERTY_KEYS.has(key), 'TikTok', notes),
    currency: details.currency,
    value: details.value,
    ...mapItems(name, details),
    order_id: details.orderId ?? details.invoiceId,
    search_string: details.searchTerm,
    // The older twin of `search_string`, for set-ups that still read it.
    query: details.searchTerm,
    description: details.method ?? details.shippingTier ?? details.listName,
    predicted_ltv: details.phase === 'trial' ? details.predictedLtv : undefined,
  };
}

/** TikTok has no event for these; as custom ones they carry their amount alone. */
const EVENTS_WITHOUT_ITEMS: ReadonlySet<EventName> = new Set(['add_shipping_info', 'refund']);

function mapItems(name: EventName, { items, plan }: EventDetails): TikTokProperties {
  if (name === 'subscription') return plan === undefined ? {} : { content_ids: [plan] };
  if (items.length === 0 || EVENTS_WITHOUT_ITEMS.has(name)) return {};
  if (name === 'view_item_list')
    return { content_type: 'product_group', content_ids: items.map(({ id }) => id) };
  return {
    content_type: 'product',
    contents: items.map((item): TikTokContent => ({
      content_id: item.id,
      content_name: item.name,
      content_category: item.category,
      brand: item.brand,
      price: item.price,
      quantity: item.quantity,
    })),
    num_items:
      name === 'begin_checkout'
        ? items.reduce((sum, { quantity }) => sum + quantity, 0)
        : undefined,
  };
}

function listOf(hash: string | undefined, other?: string): readonly string[] | undefined {
  if (hash === undefined) return other === undefined ? undefined : [other];
  return other === undefined ? [hash] : [hash, other];
}
