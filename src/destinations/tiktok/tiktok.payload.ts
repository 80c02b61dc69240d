/**
 * One entry of `data` in `POST /open_api/v1.3/event/track/` (Events API 2.0).
 *
 * @see https://business-api.tiktok.com/portal/docs?id=1771101303285761
 */
export interface TikTokEvent {
  event: string;
  /** Unix **seconds**. */
  event_time: number;
  event_id: string;
  user: TikTokUser;
  page?: { url?: string; referrer?: string };
  properties?: TikTokProperties;
  limited_data_use?: true;
}

/** Hashes are SHA-256 in lower-case hex; the rest is raw. */
export interface TikTokUser {
  email?: readonly string[];
  phone?: readonly string[];
  external_id?: readonly string[];
  first_name?: string;
  last_name?: string;
  zip_code?: string;
  country?: string;
  ttclid?: string;
  ttp?: string;
  ip?: string;
  user_agent?: string;
  locale?: string;
}

export interface TikTokContent {
  content_id: string;
  content_name?: string;
  content_category?: string;
  brand?: string;
  price?: number;
  quantity: number;
}

export interface TikTokProperties {
  currency?: string;
  value?: number;
  content_type?: 'product' | 'product_group';
  content_ids?: readonly string[];
  contents?: readonly TikTokContent[];
  order_id?: string;
  search_string?: string;
  query?: string;
  description?: string;
  num_items?: number;
  predicted_ltv?: number;
  [customProperty: string]: unknown;
}

/** Keys of properties that TikTok defines. */
export const TIKTOK_PROPERTY_KEYS: ReadonlySet<string> = new Set([
  'currency',
  'value',
  'content_type',
  'content_ids',
  'contents',
  'order_id',
  'shop_id',
  'search_string',
  'query',
  'description',
  'num_items',
  'predicted_ltv',
]);
