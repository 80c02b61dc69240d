import { userOf } from './customer';
import { money } from './money';
import { ignored, mapped, type StripeMapping } from './stripe-mapping';
import type { StripeObject } from './stripe-object';
import type { StripeTrackingSettings } from './stripe-tracking.options';
import { readMetadata } from './tracking-metadata';

/**
 * `charge.refunded`: the part just refunded. Stripe tells the sum of all refunds so far, and what it was
 * before; the sum makes the event ID, so that two equal parts are two refunds.
 */
export function mapChargeRefund(
  charge: StripeObject,
  previous: StripeObject,
  settings: StripeTrackingSettings,
): StripeMapping {
  const id = charge.text('id');
  const soFar = charge.whole('amount_refunded');
  if (id === undefined || soFar === undefined) return ignored('nothing was refunded');
  const part = money(charge, soFar - (previous.whole('amount_refunded') ?? 0));
  if (part === undefined) return ignored('nothing was refunded');
  const metadata = readMetadata(charge.object('metadata'));
  const paymentIntent = charge.id('payment_intent');
  const invoice = metadata.contextRef === undefined ? charge.id('invoice') : undefined;
  return mapped(
    {
      name: 'refund',
      eventId: `stripe:re:${id}:${soFar}`,
      orderId:
        settings.orderId?.(charge.asGiven) ?? metadata.orderId ?? invoice ?? paymentIntent ?? id,
      ...part,
      user: userOf(charge, metadata, settings),
      initiatedBy: 'system',
    },
    metadata.contextRef,
  );
}
