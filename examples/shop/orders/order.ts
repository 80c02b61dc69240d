import type { Item } from 'nestjs-server-tracking';

import { itemOf, type Product } from '../catalog/product';

export interface OrderLine {
  readonly product: Product;
  readonly quantity: number;
}

export interface Order {
  readonly id: string;
  readonly userId: string;
  readonly lines: readonly OrderLine[];
  readonly currency: string;
  readonly totalMinor: number;
  readonly status: 'open' | 'paid';
}

/** The lines as the platforms should see them. */
export function itemsOf({ lines }: Order): Item[] {
  return lines.map(({ product, quantity }) => itemOf(product, quantity));
}
