import { fromMinorUnits, type Consent, type Item } from 'nestjs-server-tracking';

import type { User } from '../auth/user';
import type { Product } from '../catalog/product';

export interface OrderLine {
  readonly product: Product;
  readonly quantity: number;
}

export interface Order {
  readonly id: string;
  readonly user: User;
  readonly lines: readonly OrderLine[];
  readonly currency: string;
  readonly totalMinor: number;
  /** What the visitor chose before paying. It is kept, because having paid is not consent. */
  readonly consent: Consent;
  readonly status: 'open' | 'paid';
}

/** The lines as the platforms should see them. */
export function itemsOf({ lines, currency }: Order): Item[] {
  return lines.map(({ product, quantity }) => ({
    id: product.sku,
    name: product.name,
    brand: product.brand,
    category: product.category,
    price: fromMinorUnits(product.priceMinor, currency),
    quantity,
  }));
}
