import type { Problem } from '../../events/problem';
import type { WireEvent } from '../../events/wire-event';
import type { MeasurementParams } from './measurement.payload';

/** @see https://developers.google.com/analytics/devguides/collection/protocol/ga4/sending-events#limitations */
export const MAX_EVENTS_PER_REQUEST = 25;
export const MAX_BODY_BYTES = 130_000;
export const MAX_ITEMS = 200;
const MAX_PARAMS = 25;
const MAX_NAME_LENGTH = 40;
const MAX_VALUE_LENGTH = 100;
const LONG_VALUES: Readonly<Record<string, number>> = {
  page_title: 300,
  page_referrer: 420,
  page_location: 1_000,
};

const RESERVED_EVENT_NAMES = new Set(
  (
    'ad_activeview ad_click ad_exposure ad_impression ad_query ad_reward adunit_exposure app_clear_data app_exception ' +
    'app_install app_remove app_store_refund app_update app_upgrade dynamic_link_app_open dynamic_link_app_update ' +
    'dynamic_link_first_open error firebase_campaign firebase_in_app_message_action ' +
    'firebase_in_app_message_dismiss firebase_in_app_message_impression first_open first_visit in_app_purchase ' +
    'notification_dismiss notification_foreground notification_open notification_receive notification_send ' +
    'os_update screen_view session_start user_engagement'
  ).split(' '),
);
const RESERVED_PREFIX = /^(?:_|firebase_|ga_|google_|gtag\.)/;

/**
 * A custom event's name as GA4 takes it: letters, digits and underscores, at most 40, none of the
 * reserved ones. A change is noted, because a report will show the new name.
 */
export function measurementEventName(name: string, notes: Problem[]): string {
  let fitted = name.replace(/[^A-Za-z0-9_]/g, '_');
  if (
    !/^[A-Za-z]/.test(fitted) ||
    RESERVED_EVENT_NAMES.has(fitted) ||
    RESERVED_PREFIX.test(fitted)
  ) {
    fitted = `custom_${fitted}`;
  }
  fitted = fitted.slice(0, MAX_NAME_LENGTH);
  if (fitted !== name) {
    notes.push({
      field: 'eventName',
      code: 'changed',
      message: `GA4 does not take this name; sent as ${fitted}`,
    });
  }
  return fitted;
}

/** Whether GA4 refuses a parameter of this name, or takes it for its own. */
export function isReservedParam(name: string): boolean {
  return (
    name.length > MAX_NAME_LENGTH ||
    !/^[A-Za-z]\w*$/.test(name) ||
    RESERVED_PREFIX.test(name) ||
    name === 'firebase_conversion' ||
    OWN_PARAMS.has(name)
  );
}

/** Parameters that the mapping writes itself. */
const OWN_PARAMS = new Set(
  (
    'session_id engagement_time_msec transaction_id value currency tax shipping coupon items search_term method ' +
    'customer_type item_list_id item_list_name shipping_tier payment_type lead_source plan subscription_id reason ' +
    'page_location page_referrer page_title debug_mode timestamp_micros'
  ).split(' '),
);

/**
 * Keeps parameters within the limits of GA4, which silently ignores what is over them: texts are cut,
 * parameters over the 25th are left out, and both are noted.
 */
export function fitParams(params: MeasurementParams, notes: Problem[]): MeasurementParams {
  const fitted: MeasurementParams = {};
  let count = 0;
  for (const name in params) {
    const value = params[name];
    if (value === undefined) continue;
    count += 1;
    if (count > MAX_PARAMS) {
      notes.push({
        field: name,
        code: 'too_long',
        message: `GA4 takes at most ${MAX_PARAMS} parameters; left out`,
      });
      continue;
    }
    fitted[name] = typeof value === 'string' ? fitText(name, value, notes) : value;
  }
  return fitted;
}

function fitText(name: string, value: string, notes: Problem[]): string {
  const maxLength = LONG_VALUES[name] ?? MAX_VALUE_LENGTH;
  if (value.length <= maxLength) return value;
  notes.push({
    field: name,
    code: 'changed',
    message: `GA4 takes at most ${maxLength} characters; cut`,
  });
  // A URL is cut at its query first: half a click ID is worse than none.
  const withoutQuery = name.startsWith('page_') ? (value.split('?')[0] ?? value) : value;
  return withoutQuery.slice(0, maxLength);
}

/** Whether a request with these bytes is refused. UTF-8 has at most three bytes for a UTF-16 unit. */
export function isOverBodyLimit({ body, envelope }: WireEvent): boolean {
  if ((body.length + envelope.length) * 3 <= MAX_BODY_BYTES) return false;
  return Buffer.byteLength(body) + Buffer.byteLength(envelope) > MAX_BODY_BYTES;
}
