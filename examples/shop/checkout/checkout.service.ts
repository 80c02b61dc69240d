import { BadRequestException, Injectable } from '@nestjs/common';
import {
  fromMinorUnits,
  ServerTrackingService,
  type IncomingRequest,
} from 'nestjs-server-tracking';
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
    private readonly stripe: Stripe,
  ) {}

  /** @param request the visitor's; the webhook that reports the payment will come from Stripe. */
  async checkout(user: User, dto: CheckoutDto, request: IncomingRequest): Promise<Checkout> {
    const order = this.orders.create(user, dto.items.map(toLine), dto.consent);
    const context = await this.tracking.saveContext(order.id, request);
    const session = await this.stripe.checkout.sessions.create(
      checkoutSessionParams(order, context.contextRef),
    );
    const total = fromMinorUnits(order.totalMinor, order.currency);
    const { eventId } = await this.tracking.trackBeginCheckout({
      value: total,
      currency: order.currency,
      items: itemsOf(order),
      user,
      context,
      consent: order.consent,
    });
    return {
      order: { id: order.id, status: order.status, currency: order.currency, total },
      paymentUrl: session.url,
      // `trackPurchase` will derive the same one from the order ID.
      eventIds: { beginCheckout: eventId, purchase: `purchase:${order.id}` },
    };
  }
}

function toLine({ sku, quantity }: CartLineDto): OrderLine {
  const product = findProduct(sku);
  if (product === undefined) throw new BadRequestException('There is no such product');
  return { product, quantity };
}
