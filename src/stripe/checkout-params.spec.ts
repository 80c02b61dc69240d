import { withTrackingMetadata } from './checkout-params';

const METADATA = { tracking_ref: 'ref-1', event_id: 'order-7-paid' };

describe('withTrackingMetadata', () => {
  it.each<[string, object, object]>([
    [
      'puts a payment on the session and, marked, on its payment intent',
      { mode: 'payment' },
      {
        mode: 'payment',
        metadata: METADATA,
        payment_intent_data: { metadata: { ...METADATA, tracking_ref: 'checkout:ref-1' } },
      },
    ],
    [
      'puts a subscription on the session and on the subscription',
      { mode: 'subscription' },
      {
        mode: 'subscription',
        metadata: METADATA,
        subscription_data: { metadata: METADATA },
      },
    ],
    [
      'puts a card that is only stored on the session alone',
      { mode: 'setup' },
      { mode: 'setup', metadata: METADATA },
    ],
    [
      "keeps the host's own and takes the session's along",
      {
        mode: 'payment',
        locale: 'de',
        metadata: { order_id: '7', tracking_ref: 'old' },
        payment_intent_data: { capture_method: 'manual', metadata: { note: 'x' } },
      },
      {
        mode: 'payment',
        locale: 'de',
        metadata: { order_id: '7', ...METADATA },
        payment_intent_data: {
          capture_method: 'manual',
          metadata: { order_id: '7', note: 'x', ...METADATA, tracking_ref: 'checkout:ref-1' },
        },
      },
    ],
    [
      'takes empty metadata for none',
      { mode: 'subscription', metadata: '', subscription_data: { trial_period_days: 14 } },
      {
        mode: 'subscription',
        metadata: METADATA,
        subscription_data: { trial_period_days: 14, metadata: METADATA },
      },
    ],
  ])('%s', (_rule, params, expected) => {
    const before = structuredClone(params);
    expect(withTrackingMetadata(params, METADATA)).toEqual(expected);
    expect(params).toEqual(before);
  });
});
