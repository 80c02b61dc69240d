import { InvalidOptionsError } from '../tracking.error';
import { resolveStripeOptions } from './stripe-tracking.options';

describe('resolveStripeOptions', () => {
  it('sends what is live, counts the total, and keeps a subscriber for 400 days', () => {
    expect(resolveStripeOptions()).toMatchObject({
      testMode: 'ignore',
      purchaseValue: 'total',
      customerDetails: true,
      subscriptionUpdates: 'renew',
      singleInvoices: 'ignore',
      unmarkedPaymentIntents: 'ignore',
      subscriptionContextTtlMs: 34_560_000_000,
    });
  });

  it('tells every wrong option at once', () => {
    const wrong = {
      testMode: 'on',
      orderId: 'order_id',
      subscriptionContextTtlMs: -1,
      unmarkedPaymentIntents: 'yes',
    };
    const thrown = (() => {
      try {
        resolveStripeOptions(wrong as never);
      } catch (error) {
        return error;
      }
      return undefined;
    })();
    expect(thrown).toBeInstanceOf(InvalidOptionsError);
    expect((thrown as InvalidOptionsError).problems.map(({ field }) => field)).toEqual([
      'stripe.testMode',
      'stripe.unmarkedPaymentIntents',
      'stripe.orderId',
      'stripe.subscriptionContextTtlMs',
    ]);
  });
});
