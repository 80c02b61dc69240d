import { fromMinorUnits, type Item } from 'nestjs-server-tracking';

/** Prices are in minor units, as Stripe counts them; every platform wants major ones. */
export interface Product {
  readonly sku: string;
  readonly name: string;
  readonly brand: string;
  readonly category: string;
  readonly priceMinor: number;
}

export const CURRENCY = 'USD';

const PRODUCTS: readonly Product[] = [
  { sku: 'MUG-BLUE', name: 'Blue mug', brand: 'Acme', category: 'Kitchen', priceMinor: 2495 },
  { sku: 'TEA-EARL', name: 'Earl Grey', brand: 'Leaf', category: 'Tea', priceMinor: 890 },
];

export function findProduct(sku: string): Product | undefined {
  return PRODUCTS.find((product) => product.sku === sku);
}

/** A product as the platforms should see it. */
export function itemOf({ sku, name, brand, category, priceMinor }: Product, quantity = 1): Item {
  const price = fromMinorUnits(priceMinor, CURRENCY);
  return { id: sku, name, brand, category, price, quantity };
}
