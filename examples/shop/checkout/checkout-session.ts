import type Stripe from 'stripe';

import type { Order } from '../orders/order';

/** What the shop writes into Stripe's metadata and reads again in the webhook. */
export interface OrderMetadata {
  readonly order_id: string;
  /** Points to the visitor's context. Cookies, IP and consent themselves do not belong into Stripe. */
  readonly context_ref: string;
}

export function checkoutSessionParams(
  order: Order,
  contextRef: string,
): Stripe.Checkout.SessionCreateParams {
  const metadata: OrderMetadata = { order_id: order.id, context_ref: contextRef };
  return {
    mode: 'payment',
    success_url: `https://shop.example.com/thanks?order=${order.id}`,
    cancel_url: 'https://shop.example.com/cart',
    metadata: { ...metadata },
    line_items: order.lines.map(({ product, quantity }) => ({
      quantity,
      price_data: {
        currency: order.currency.toLowerCase(),
        unit_amount: product.priceMinor,
        product_data: { name: product.name },
      },
    })),
  };
}
