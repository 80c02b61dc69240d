import type { StripeObject } from './stripe-object';

/** The one key that this library writes. Its value refers to the visitor's snapshot and says nothing by itself. */
export const TRACKING_REF = 'tracking_ref';

/** Keys that a host may write beside it. */
export const ORDER_ID = 'order_id';
export const USER_ID = 'user_id';
export const EVENT_ID = 'event_id';

/** In front of the reference on a payment intent that belongs to a Checkout Session, which tells more. */
const OF_CHECKOUT = 'checkout:';

/** What stands in the metadata of a session, a payment intent, a subscription or a charge. */
export interface TrackingMetadata {
  /** `undefined`: our key is not there, so this is nothing that a host marked. */
  readonly contextRef: string | undefined;
  readonly belongsToCheckout: boolean;
  readonly orderId: string | undefined;
  readonly userId: string | undefined;
  readonly eventId: string | undefined;
}

export function readMetadata(metadata: StripeObject): TrackingMetadata {
  const ref = metadata.text(TRACKING_REF);
  const belongsToCheckout = ref?.startsWith(OF_CHECKOUT) ?? false;
  return {
    contextRef: belongsToCheckout ? ref?.slice(OF_CHECKOUT.length) : ref,
    belongsToCheckout,
    orderId: metadata.text(ORDER_ID),
    userId: metadata.text(USER_ID),
    eventId: metadata.text(EVENT_ID),
  };
}

/** The value for a payment intent that a Checkout Session will make. */
export function markedForCheckout(contextRef: string): string {
  return `${OF_CHECKOUT}${contextRef}`;
}
