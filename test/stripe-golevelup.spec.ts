import { StripeModule, StripeWebhookHandler } from '@golevelup/nestjs-stripe';
import { Inject, Injectable } from '@nestjs/common';
import { ServerTrackingService, TrackingModule } from 'nestjs-server-tracking';
import {
  StripeTrackingModule,
  StripeTrackingService,
  type StripeEventLike,
} from 'nestjs-server-tracking/stripe';
import { PlatformStub } from 'nestjs-server-tracking/testing';
import Stripe from 'stripe';

import { RecordingLogger } from './support/recording-logger';
import { PLATFORMS, startApp } from './support/start-app';
import { aSession, stripeEvent } from './support/stripe-events';

// Its version 1.1 is made for Nest 11 (jest.config.ts gives it ours) and for stripe 20, which had a `default`.
jest.mock('stripe', () => {
  const actual = jest.requireActual<object>('stripe');
  return Object.assign(actual, { default: actual });
});

const SECRET = 'whsec_test_secret';

@Injectable()
class StripeHandler {
  constructor(@Inject(StripeTrackingService) private readonly payments: StripeTrackingService) {}

  @StripeWebhookHandler('*')
  handle(event: StripeEventLike) {
    return this.payments.trackStripeEventOrFail(event);
  }
}

describe.each(PLATFORMS)('a handler of @golevelup/nestjs-stripe on %s', (platform) => {
  it('needs one line', async () => {
    const stub = await PlatformStub.start();
    const logger = new RecordingLogger();
    const { app, url } = await startApp(platform, {
      imports: [
        TrackingModule.forRoot({ meta: stub.options().meta, logger }),
        StripeTrackingModule.forRoot(),
        StripeModule.forRoot({
          apiKey: 'sk_test_dummy',
          webhookConfig: { stripeSecrets: { account: SECRET }, requestBodyProperty: 'rawBody' },
        }),
      ],
      providers: [StripeHandler],
    });
    const created = Math.floor(Date.now() / 1_000);
    const payload = JSON.stringify(
      stripeEvent('checkout.session.completed', aSession(), { created }),
    );
    const deliver = (secret: string) =>
      fetch(`${url}/stripe/webhook`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'stripe-signature': new Stripe('sk_test_dummy').webhooks.generateTestHeaderString({
            payload,
            secret,
          }),
        },
        body: payload,
      });
    expect((await deliver('whsec_wrong')).ok).toBe(false);
    expect((await deliver(SECRET)).status).toBe(201);
    await app.get(ServerTrackingService).flush();
    expect(stub.eventsAt('meta')).toEqual([
      expect.objectContaining({ event_name: 'Purchase', event_id: 'stripe:pi:pi_3QxYabc' }),
    ]);
    await app.close();
    await stub.close();
  });
});
