import { BadRequestException, Injectable } from '@nestjs/common';
import { fromMinorUnits, ServerTrackingService } from 'nestjs-server-tracking';
import { StripeTrackingService } from 'nestjs-server-tracking/stripe';
import Stripe from 'stripe';

import type { User } from '../auth/user';
import { findProduct } from '../catalog/product';
import { itemsOf, type Order, type OrderLine } from '../orders/order';
import { OrdersService } from '../orders/orders.service';
import type { CartLineDto, CheckoutDto } from './checkout.dto';
import { checkoutSessionParams } from './checkout-session';

export interface Checkout {
  readonly order: Pick<Order, 'id' | 'status' | 'currency'> & { readonly total: number };
  /** Where the customer pays. */
  readonly paymentUrl: string | null;
  /** For the browser pixel on this page and on the thank-you page. */
  readonly eventIds: { readonly beginCheckout: string; readonly purchase: string };
}

@Injectable()
export class CheckoutService {
  constructor(
    private readonly orders: OrdersService,
    private readonly tracking: ServerTrackingService,
    private readonly payments: StripeTrackingService,
    private readonly stripe: Stripe,
  ) {}

  async checkout(user: User, { items }: CheckoutDto): Promise<Checkout> {
    const order = this.orders.create(user, items.map(toLine));
    const purchase = `purchase:${order.id}`;
    // Keeps the visit, with its consent: the webhook that reports the payment will come from Stripe.
    const params = await this.payments.forCheckout(checkoutSessionParams(order, user), undefined, {
      user,
      eventId: purchase,
    });
    const session = await this.stripe.checkout.sessions.create(params);
    const total = fromMinorUnits(order.totalMinor, order.currency);
    const { eventId: beginCheckout } = await this.tracking.trackBeginCheckout({
      value: total,
      currency: order.currency,
      items: itemsOf(order),
      user,
    });
    return {
      order: { id: order.id, status: order.status, currency: order.currency, total },
      paymentUrl: session.url,
      eventIds: { beginCheckout, purchase },
    };
  }
}

function toLine({ sku, quantity }: CartLineDto): OrderLine {
  const product = findProduct(sku);
  if (product === undefined) throw new BadRequestException('There is no such product');
  return { product, quantity };
}
