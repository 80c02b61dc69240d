import { customerOfInvoice, userOf } from './customer';
import { paid } from './money';
import { ignored, mapped, type StripeMapping } from './stripe-mapping';
import type { StripeObject } from './stripe-object';
import type { StripeTrackingSettings } from './stripe-tracking.options';
import { readMetadata, TRACKING_REF } from './tracking-metadata';

type Meaning = 'start' | 'renew' | 'purchase';

/** `invoice.paid`: all revenue of subscriptions, each invoice once. The reason of the invoice says what it is. */
export function mapInvoice(invoice: StripeObject, settings: StripeTrackingSettings): StripeMapping {
  const id = invoice.text('id');
  const amount = paid(invoice, 'amount_paid');
  if (id === undefined || amount === undefined) return ignored('nothing was paid');
  const meaning = meaningOf(invoice, settings);
  if (meaning === undefined) return ignored('invoices for this reason are not counted');
  const subscription = subscriptionOf(invoice);
  const metadata = readMetadata(subscription.metadata);
  const user = userOf(invoice, metadata, settings, customerOfInvoice(invoice));
  // The event ID that a host chose at checkout belongs to that moment, and not to every renewal.
  const eventId = (meaning === 'renew' ? undefined : metadata.eventId) ?? `stripe:in:${id}`;
  if (meaning === 'purchase') {
    const orderId = settings.orderId?.(invoice.asGiven) ?? metadata.orderId ?? id;
    return mapped({ name: 'purchase', eventId, orderId, ...amount, user }, metadata.contextRef);
  }
  return mapped(
    {
      name: 'subscription',
      phase: meaning,
      eventId,
      subscriptionId: subscription.id,
      invoiceId: id,
      plan: planOf(invoice),
      ...amount,
      user,
      ...(meaning === 'renew' && { initiatedBy: 'system' }),
    },
    metadata.contextRef,
  );
}

function meaningOf(invoice: StripeObject, settings: StripeTrackingSettings): Meaning | undefined {
  switch (invoice.text('billing_reason')) {
    case 'subscription_create':
      // A fee at the beginning of a trial: the subscription itself starts when the trial is over.
      return isTrial(invoice) ? 'purchase' : 'start';
    case 'subscription_cycle':
    case 'subscription_threshold':
      return 'renew';
    case 'subscription_update':
      return settings.subscriptionUpdates === 'renew' ? 'renew' : undefined;
    case 'manual':
    case 'quote_accept':
    case 'automatic_pending_invoice_item_invoice':
      return settings.singleInvoices === 'purchase' ? 'purchase' : undefined;
    default:
      return undefined;
  }
}

/** Its subscription costs nothing yet. Lines stand before discounts, so a coupon does not look like this. */
function isTrial(invoice: StripeObject): boolean {
  const lines = invoice
    .list('lines')
    .filter(
      (line) =>
        line.text('type') === 'subscription' ||
        line.object('parent').text('type') === 'subscription_item_details',
    );
  return lines.length > 0 && lines.every((line) => line.whole('amount') === 0);
}

/** Under `parent` since API version 2025-03-31 (basil), on the invoice itself before. */
function subscriptionOf(invoice: StripeObject): { id: string | undefined; metadata: StripeObject } {
  const details = invoice.object('parent').object('subscription_details');
  const id = details.id('subscription') ?? invoice.id('subscription');
  const places = [
    details.object('metadata'),
    invoice.object('subscription_details').object('metadata'),
    ...invoice.list('lines').map((line) => line.object('metadata')),
    invoice.object('metadata'),
  ];
  const marked = places.find((place) => place.text(TRACKING_REF) !== undefined);
  return { id, metadata: marked ?? (places[0] as StripeObject) };
}

/** The price of the first line that is no credit: after an upgrade the plan that was changed to. */
function planOf(invoice: StripeObject): string | undefined {
  const line = invoice.list('lines').find((one) => (one.whole('amount') ?? 0) >= 0);
  if (line === undefined) return undefined;
  return (
    line.object('pricing').object('price_details').id('price') ??
    line.id('price') ??
    line.id('plan')
  );
}
