/** One line of a cart or an order. */
export interface Item {
  /** Your article number; the same as in the product catalogue of the platform. */
  id: string;
  name?: string | undefined;
  /** Price of one, in major units of the event's currency. */
  price?: number | undefined;
  /** Default 1. */
  quantity?: number | undefined;
  category?: string | undefined;
  brand?: string | undefined;
  variant?: string | undefined;
}

/** An item as the line carries it: checked, and with its quantity. */
export type CompletedItem = Readonly<Omit<Item, 'quantity'>> & { readonly quantity: number };
