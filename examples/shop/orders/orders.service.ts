import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';

import type { User } from '../auth/user';
import { CURRENCY } from '../catalog/product';
import type { Order, OrderLine } from './order';

/** Orders; a file each, because this is an example. Every process of the shop finds them there. */
@Injectable()
export class OrdersService {
  private readonly folder: string;

  constructor(config: ConfigService) {
    this.folder = config.get<string>('SHOP_ORDERS_FOLDER') ?? './data/orders';
  }

  create(user: User, lines: readonly OrderLine[]): Order {
    return this.save({
      id: `ord_${randomBytes(6).toString('hex')}`,
      userId: user.id,
      lines,
      currency: CURRENCY,
      totalMinor: lines.reduce((sum, line) => sum + line.product.priceMinor * line.quantity, 0),
      status: 'open',
    });
  }

  find(id: string): Order | undefined {
    const file = this.fileOf(id);
    return /^ord_[0-9a-f]{12}$/.test(id) && existsSync(file)
      ? (JSON.parse(readFileSync(file, 'utf8')) as Order)
      : undefined;
  }

  /** Paying twice is paying once. */
  markPaid(order: Order): Order {
    return this.save({ ...order, status: 'paid' });
  }

  private save(order: Order): Order {
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(this.fileOf(order.id), JSON.stringify(order));
    return order;
  }

  private fileOf(id: string): string {
    return join(this.folder, `${id}.json`);
  }
}
