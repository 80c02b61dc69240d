import type Stripe from 'stripe';

import type { User } from '../auth/user';
import type { Order } from '../orders/order';

/** Of what is in `metadata`, tracking reads the two IDs. The visitor does not belong there. */
export function checkoutSessionParams(
  order: Order,
  user: User,
): Stripe.Checkout.SessionCreateParams {
  return {
    mode: 'payment',
    success_url: `https://shop.example.com/thanks?order=${order.id}`,
    cancel_url: 'https://shop.example.com/cart',
    customer_email: user.email,
    metadata: { order_id: order.id, user_id: user.id },
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
