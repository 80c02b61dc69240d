import { Injectable, Logger } from '@nestjs/common';
import { fromMinorUnits, ServerTrackingService, type TrackReceipt } from 'nestjs-server-tracking';
import type Stripe from 'stripe';

import { itemsOf } from '../orders/order';
import { OrdersService } from '../orders/orders.service';

/** What happens in the shop when Stripe tells something. */
@Injectable()
export class PaymentsService {
  private readonly logger = new Logger(PaymentsService.name);

  constructor(
    private readonly orders: OrdersService,
    private readonly tracking: ServerTrackingService,
  ) {}

  /**
   * Stripe may send an event twice and in any order.
   *
   * @param event one whose signature was verified.
   * @returns what became of the purchase, or `undefined` for an event that is none.
   */
  async handle(event: Stripe.Event): Promise<TrackReceipt | undefined> {
    switch (event.type) {
      // Bank debits are paid later than the session is completed.
      case 'checkout.session.async_payment_succeeded':
      case 'checkout.session.completed':
        return event.data.object.payment_status === 'paid'
          ? this.paid(event.data.object, event.created)
          : undefined;
      default:
        return undefined;
    }
  }

  private async paid(
    session: Stripe.Checkout.Session,
    createdAtSeconds: number,
  ): Promise<TrackReceipt | undefined> {
    const order = this.orders.find(session.metadata?.order_id ?? '');
    if (order === undefined) {
      this.logger.warn('A payment came for an order that this shop does not know');
      return undefined;
    }
    this.orders.markPaid(order);
    const currency = session.currency ?? order.currency;
    return this.tracking.trackPurchase({
      orderId: order.id,
      value: fromMinorUnits(session.amount_total ?? order.totalMinor, currency),
      currency,
      items: itemsOf(order),
      occurredAt: createdAtSeconds * 1_000,
      user: order.user,
      // This request is Stripe's: the visitor's IP, browser and click IDs were kept at checkout.
      context: { contextRef: session.metadata?.context_ref ?? '' },
      consent: order.consent,
    });
  }
}
