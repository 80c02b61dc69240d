import type { Item } from '../events/item';
import { customerOfSession, userOf } from './customer';
import { money, paid } from './money';
import { ignored, mapped, type StripeMapping } from './stripe-mapping';
import type { StripeObject } from './stripe-object';
import type { StripeTrackingSettings } from './stripe-tracking.options';
import { readMetadata } from './tracking-metadata';

/**
 * `checkout.session.completed` and `….async_payment_succeeded`: the purchase of a one-off sale. Whichever of
 * them, or the payment intent's own event, comes first: all give the event ID of the payment intent.
 */
export function mapCheckoutSession(
  session: StripeObject,
  settings: StripeTrackingSettings,
): StripeMapping {
  const mode = session.text('mode');
  if (mode === 'subscription') return ignored('of a subscription its invoice and its trial tell');
  if (mode !== 'payment') return ignored('nothing is sold in this mode of Checkout');
  if (session.text('payment_status') !== 'paid')
    return ignored('nothing is paid yet, or nothing had to be paid');
  const total = paid(session, 'amount_total');
  if (total === undefined) return ignored('nothing was paid');
  const metadata = readMetadata(session.object('metadata'));
  const paymentIntent = session.id('payment_intent');
  const sessionId = session.text('id');
  const source = paymentIntent ?? sessionId;
  if (source === undefined) return ignored('the session has no ID');
  return mapped(
    {
      name: 'purchase',
      eventId: metadata.eventId ?? `stripe:${paymentIntent === undefined ? 'cs' : 'pi'}:${source}`,
      orderId: settings.orderId?.(session.asGiven) ?? metadata.orderId ?? source,
      ...total,
      ...partsOf(session, settings),
      items: itemsOf(session),
      user: userOf(session, metadata, settings, customerOfSession(session)),
    },
    metadata.contextRef,
  );
}

function partsOf(session: StripeObject, { purchaseValue }: StripeTrackingSettings) {
  const details = session.object('total_details');
  const tax = details.whole('amount_tax');
  const shipping = details.whole('amount_shipping');
  const net = (session.whole('amount_total') ?? 0) - (tax ?? 0) - (shipping ?? 0);
  return {
    tax: money(session, tax)?.value,
    shipping: money(session, shipping)?.value,
    ...(purchaseValue === 'net' && { value: money(session, net)?.value ?? 0 }),
  };
}

/** Only where the host expanded `line_items`: an event as Stripe sends it has none. */
function itemsOf(session: StripeObject): Item[] | undefined {
  const items = session.list('line_items').flatMap((line): Item[] => {
    const price = line.object('price');
    const id = price.id('product') ?? price.text('id');
    if (id === undefined) return [];
    return [
      {
        id,
        name: line.text('description'),
        quantity: line.whole('quantity'),
        price: money(line, price.whole('unit_amount'))?.value,
      },
    ];
  });
  return items.length === 0 ? undefined : items;
}
