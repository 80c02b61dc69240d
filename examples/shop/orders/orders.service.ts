import { randomBytes } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import type { Consent } from 'nestjs-server-tracking';

import type { User } from '../auth/user';
import { CURRENCY } from '../catalog/product';
import type { Order, OrderLine } from './order';

/** Orders; in memory, because this is an example. */
@Injectable()
export class OrdersService {
  private readonly orders = new Map<string, Order>();

  create(user: User, lines: readonly OrderLine[], consent: Consent): Order {
    const order: Order = {
      id: `ord_${randomBytes(6).toString('hex')}`,
      user,
      lines,
      currency: CURRENCY,
      totalMinor: lines.reduce((sum, line) => sum + line.product.priceMinor * line.quantity, 0),
      consent,
      status: 'open',
    };
    this.orders.set(order.id, order);
    return order;
  }

  find(id: string): Order | undefined {
    return this.orders.get(id);
  }

  /** Paying twice is paying once. */
  markPaid(order: Order): void {
    this.orders.set(order.id, { ...order, status: 'paid' });
  }
}
