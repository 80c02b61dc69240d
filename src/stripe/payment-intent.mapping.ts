import { userOf } from './customer';
import { paid } from './money';
import { ignored, mapped, type StripeMapping } from './stripe-mapping';
import type { StripeObject } from './stripe-object';
import type { StripeTrackingSettings } from './stripe-tracking.options';
import { readMetadata, type TrackingMetadata } from './tracking-metadata';

/** `payment_intent.succeeded`: the purchase where the host takes payments itself, without Checkout or invoices. */
export function mapPaymentIntent(
  intent: StripeObject,
  settings: StripeTrackingSettings,
): StripeMapping {
  const id = intent.text('id');
  const amount = paid(intent, 'amount_received');
  if (id === undefined || amount === undefined) return ignored('nothing was paid');
  const metadata = readMetadata(intent.object('metadata'));
  const owner = ownerOf(intent, metadata);
  if (owner === 'invoice') return ignored('it pays an invoice, which tells itself');
  if (owner === 'checkout') return ignored('its Checkout Session tells');
  if (owner === 'unknown' && settings.unmarkedPaymentIntents === 'ignore')
    return ignored('without tracking metadata it may pay an invoice, so it is not counted');
  return mapped(
    {
      name: 'purchase',
      eventId: metadata.eventId ?? `stripe:pi:${id}`,
      orderId: settings.orderId?.(intent.asGiven) ?? metadata.orderId ?? id,
      ...amount,
      user: userOf(intent, metadata, settings, { email: intent.text('receipt_email') }),
    },
    metadata.contextRef,
  );
}

/**
 * Who made a payment intent. Since API version 2025-03-31 (basil) Stripe does not say it any more, and every
 * renewal has one: what nobody marked is `unknown` and must not become a sale by a guess.
 */
function ownerOf(
  intent: StripeObject,
  { contextRef, orderId, belongsToCheckout }: TrackingMetadata,
): 'host' | 'invoice' | 'checkout' | 'unknown' {
  const reference = intent.object('payment_details').text('order_reference') ?? '';
  if (intent.id('invoice') !== undefined || reference.startsWith('in_')) return 'invoice';
  // Captured by hand, a session stays unpaid for ever: then the payment intent alone tells.
  if (belongsToCheckout && intent.text('capture_method') !== 'manual') return 'checkout';
  if (contextRef !== undefined || orderId !== undefined) return 'host';
  return intent.isTold('invoice') ? 'host' : 'unknown';
}
