import { Module } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import Stripe from 'stripe';

/** Provides Stripe's own client, set up from `STRIPE_SECRET_KEY`. */
@Module({
  providers: [
    {
      provide: Stripe,
      inject: [ConfigService],
      useFactory: (config: ConfigService) =>
        new Stripe(config.getOrThrow<string>('STRIPE_SECRET_KEY'), apiServer(config)),
    },
  ],
  exports: [Stripe],
})
export class StripeModule {}

/** `STRIPE_API_URL` lets something stand in for Stripe, such as stripe-mock or the demo. */
function apiServer(config: ConfigService): Stripe.StripeConfig {
  const url = config.get<string>('STRIPE_API_URL');
  if (url === undefined || url === '') return {};
  const { hostname, port, protocol } = new URL(url);
  return { host: hostname, port, protocol: protocol === 'http:' ? 'http' : 'https' };
}
