/**
 * What a Measurement Protocol request says once for all of its events: the visitor.
 *
 * @see https://developers.google.com/analytics/devguides/collection/protocol/ga4/reference
 */
export interface MeasurementVisitor {
  /** Two positive integers joined by a dot. */
  client_id: string;
  user_id?: string;
  user_data?: MeasurementUserData;
  consent?: { ad_user_data?: ConsentWord; ad_personalization?: ConsentWord };
  ip_override?: string;
  user_agent?: string;
}

export type ConsentWord = 'GRANTED' | 'DENIED';

/** @see https://developers.google.com/analytics/devguides/collection/ga4/uid-data */
export interface MeasurementUserData {
  sha256_email_address?: readonly string[];
  sha256_phone_number?: readonly string[];
  address?: readonly {
    sha256_first_name?: string;
    sha256_last_name?: string;
    sha256_street?: string;
    /** ISO 3166-1 alpha-2, upper case. */
    country?: string;
  }[];
}

export interface MeasurementEvent {
  name: string;
  /** Unix **microseconds**. */
  timestamp_micros: number;
  params: MeasurementParams;
}

export type MeasurementParams = Record<
  string,
  string | number | boolean | readonly MeasurementItem[] | undefined
>;

export interface MeasurementItem {
  item_id: string;
  item_name?: string;
  item_brand?: string;
  item_category?: string;
  item_variant?: string;
  price?: number;
  quantity: number;
  index: number;
}
