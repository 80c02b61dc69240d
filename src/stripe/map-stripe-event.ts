import { mapChargeRefund } from './charge-refund.mapping';
import { mapCheckoutSession } from './checkout-session.mapping';
import { mapInvoice } from './invoice.mapping';
import { mapPaymentIntent } from './payment-intent.mapping';
import { ignored, type StripeMapping } from './stripe-mapping';
import { StripeObject } from './stripe-object';
import type { StripeTrackingSettings } from './stripe-tracking.options';
import {
  mapSubscriptionCreated,
  mapSubscriptionDeleted,
  mapSubscriptionUpdated,
} from './subscription.mapping';

/**
 * The one source of truth for each kind of money, decided from the event alone: whatever the order in which
 * Stripe delivers, and however often, the same events come out with the same IDs. Everything else is ignored.
 */
export function mapStripeEvent(event: unknown, settings: StripeTrackingSettings): StripeMapping {
  const fields = StripeObject.of(event);
  const data = fields.object('data');
  const object = data.object('object');
  const previous = data.object('previous_attributes');
  if (settings.testMode === 'ignore' && fields.isFalse('livemode'))
    return ignored('an event of a sandbox');
  switch (fields.text('type')) {
    case 'checkout.session.completed':
    case 'checkout.session.async_payment_succeeded':
      return timed(fields, mapCheckoutSession(object, settings));
    case 'payment_intent.succeeded':
      return timed(fields, mapPaymentIntent(object, settings));
    case 'invoice.paid':
      return timed(fields, mapInvoice(object, settings));
    case 'customer.subscription.created':
      return timed(fields, mapSubscriptionCreated(object, settings));
    case 'customer.subscription.updated':
      return timed(fields, mapSubscriptionUpdated(object, previous, settings));
    case 'customer.subscription.deleted':
      return timed(fields, mapSubscriptionDeleted(object, settings));
    case 'charge.refunded':
      return timed(fields, mapChargeRefund(object, previous, settings));
    default:
      return ignored('this type of event tells of no conversion');
  }
}

/** When it happened, and not when Stripe got through to us. */
function timed(fields: StripeObject, mapping: StripeMapping): StripeMapping {
  const created = fields.whole('created');
  if (mapping.kind === 'ignored' || created === undefined) return mapping;
  return { ...mapping, event: { ...mapping.event, occurredAt: created * 1_000 } };
}
