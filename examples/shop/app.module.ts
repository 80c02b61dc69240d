import { Module, ValidationPipe } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { APP_PIPE } from '@nestjs/core';
import { optionsFromEnv, TrackingModule } from 'nestjs-server-tracking';
import { StripeTrackingModule } from 'nestjs-server-tracking/stripe';

import { AuthModule } from './auth/auth.module';
import { CatalogModule } from './catalog/catalog.module';
import { CheckoutModule } from './checkout/checkout.module';
import { HealthModule } from './health/health.module';
import { PaymentsModule } from './payments/payments.module';
import { PrivacyModule } from './privacy/privacy.module';

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true }),
    TrackingModule.forRootAsync({
      imports: [ConfigModule],
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        // Platforms, storage, its key and the audit log.
        ...optionsFromEnv((name) => config.get<string>(name)),
        context: {
          // The shop stands behind a proxy on the same machine: only that one may say who the visitor is.
          trustProxy: 'loopback',
          // Whatever is tracked gets the request being served: no service is handed one.
          captureRequests: true,
          // First-party cookies, for those who allow them.
          visitor: true,
        },
        // What a visitor allows is read from the cookies of the consent banner; no answer is a no.
        consent: { whenUnknown: 'withhold' },
      }),
    }),
    StripeTrackingModule.forRoot(),
    AuthModule,
    CatalogModule,
    CheckoutModule,
    PaymentsModule,
    PrivacyModule,
    HealthModule,
  ],
  providers: [
    {
      provide: APP_PIPE,
      useValue: new ValidationPipe({ whitelist: true, transform: true }),
    },
  ],
})
export class AppModule {}
