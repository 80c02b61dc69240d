import { Injectable, Logger } from '@nestjs/common';
import type Stripe from 'stripe';

import type { Order } from '../orders/order';
import { OrdersService } from '../orders/orders.service';

/** The shop's own books: what Stripe tells of its orders. */
@Injectable()
export class PaymentsService {
  private readonly logger = new Logger(PaymentsService.name);

  constructor(private readonly orders: OrdersService) {}

  /**
   * Stripe may send an event twice and in any order.
   *
   * @param event one whose signature was verified.
   * @returns the order that is paid with it, or `undefined` for an event that pays none.
   */
  settle(event: Stripe.Event): Order | undefined {
    switch (event.type) {
      // Bank debits are paid later than the session is completed.
      case 'checkout.session.async_payment_succeeded':
      case 'checkout.session.completed':
        return event.data.object.payment_status === 'paid'
          ? this.paid(event.data.object)
          : undefined;
      default:
        return undefined;
    }
  }

  private paid({ metadata }: Stripe.Checkout.Session): Order | undefined {
    const order = this.orders.find(metadata?.order_id ?? '');
    if (order !== undefined) return this.orders.markPaid(order);
    this.logger.warn('A payment came for an order that this shop does not know');
    return undefined;
  }
}
