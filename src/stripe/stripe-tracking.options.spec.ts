import { Logger } from '@nestjs/common';

import { InvalidOptionsError } from '../tracking.error';
import { resolveStripeOptions, type StripeTrackingOptions } from './stripe-tracking.options';

function problemsOf(options: unknown): string[] {
  try {
    resolveStripeOptions(options as StripeTrackingOptions);
  } catch (error) {
    if (error instanceof InvalidOptionsError) return error.problems.map(({ field }) => field);
    throw error;
  }
  return [];
}

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
      customerDetails: 'false',
      logger: {},
      purchaseValues: 'net',
    };
    expect(problemsOf(wrong)).toEqual([
      'stripe.purchaseValues',
      'stripe.testMode',
      'stripe.unmarkedPaymentIntents',
      'stripe.orderId',
      'stripe.customerDetails',
      'stripe.subscriptionContextTtlMs',
      'stripe.logger',
    ]);
  });

  it.each(['net', 5, [], true])('wants an object, and not %j', (wrong) => {
    expect(problemsOf(wrong)).toEqual(['stripe']);
  });

  it.each([null, { logger: new Logger(), isGlobal: false, imports: [], userId: undefined }])(
    'takes %j for the defaults',
    (options) => {
      expect(resolveStripeOptions(options as never).purchaseValue).toBe('total');
    },
  );
});
