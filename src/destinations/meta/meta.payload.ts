/**
 * What goes over the wire to `POST /{version}/{pixel ID}/events`.
 *
 * @see https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/server-event
 */
export interface MetaServerEvent {
  event_name: string;
  /** Unix **seconds**. */
  event_time: number;
  event_id: string;
  action_source: 'website' | 'system_generated';
  event_source_url?: string;
  referrer_url?: string;
  user_data: MetaUserData;
  custom_data?: MetaCustomData;
  /** Use for attribution only, not for the optimisation of ads. */
  opt_out?: true;
  data_processing_options?: readonly string[];
  data_processing_options_country?: number;
  data_processing_options_state?: number;
}

/** Hashes are SHA-256 in lower-case hex; the rest is raw. */
export interface MetaUserData {
  em?: readonly string[];
  ph?: readonly string[];
  fn?: readonly string[];
  ln?: readonly string[];
  db?: readonly string[];
  ge?: readonly string[];
  ct?: readonly string[];
  st?: readonly string[];
  zp?: readonly string[];
  country?: readonly string[];
  external_id?: readonly string[];
  client_ip_address?: string;
  client_user_agent?: string;
  fbc?: string;
  fbp?: string;
  subscription_id?: string;
}

export interface MetaContent {
  id?: string;
  quantity?: number;
  item_price?: number;
  title?: string;
  category?: string;
  brand?: string;
}

export interface MetaCustomData {
  value?: number;
  currency?: string;
  content_name?: string;
  content_category?: string;
  content_ids?: readonly string[];
  contents?: readonly MetaContent[];
  content_type?: string;
  order_id?: string;
  predicted_ltv?: number;
  num_items?: number;
  search_string?: string;
  status?: string;
  [customProperty: string]: unknown;
}

/** Keys of custom data that Meta defines; everything else is a custom property. */
export const META_CUSTOM_DATA_KEYS: ReadonlySet<string> = new Set([
  'value',
  'net_revenue',
  'currency',
  'content_name',
  'content_category',
  'content_ids',
  'contents',
  'content_type',
  'order_id',
  'predicted_ltv',
  'num_items',
  'search_string',
  'status',
  'item_number',
  'delivery_category',
]);
