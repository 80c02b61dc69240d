import { v7 as uuidV7 } from 'uuid';

import type { EventDetails } from './event-details';
import type { EventName } from './tracking-event';

/**
 * The event ID where the host gave none: made from the natural key, so that a webhook that comes twice
 * is one event and the browser can name the same; else a UUID v7.
 */
export function deriveEventId(name: EventName, details: EventDetails): string {
  return naturalKey(name, details) ?? uuidV7();
}

function naturalKey(name: EventName, details: EventDetails): string | undefined {
  switch (name) {
    case 'purchase':
      return details.orderId && `purchase:${details.orderId}`;
    case 'refund':
      return (
        details.orderId && ['refund', details.orderId, details.refundId].filter(Boolean).join(':')
      );
    case 'lead':
      return details.leadId && `lead:${details.leadId}`;
    case 'subscription':
      return subscriptionKey(details);
    default:
      return undefined;
  }
}

function subscriptionKey({ phase, subscriptionId, invoiceId }: EventDetails): string | undefined {
  // A subscription starts, tries and ends once; it renews with every invoice.
  if (phase === 'renew') return invoiceId && `renew:${invoiceId}`;
  return subscriptionId && phase && `subscription:${subscriptionId}:${phase}`;
}
