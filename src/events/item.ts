/** One line of a cart or an order. */
export interface Item {
  /** Your article number; the same as in the product catalogue of the platform. */
  id: string;
  name?: string;
  /** Price of one, in major units of the event's currency. */
  price?: number;
  /** Default 1. */
  quantity?: number;
  category?: string;
  brand?: string;
  variant?: string;
}

/** An item as the line carries it: checked, and with its quantity. */
export type CompletedItem = Readonly<Omit<Item, 'quantity'>> & { readonly quantity: number };
