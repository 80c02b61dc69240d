import { Module, ValidationPipe } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { APP_PIPE } from '@nestjs/core';
import { optionsFromEnv, TrackingModule } from 'nestjs-server-tracking';

import { AuthModule } from './auth/auth.module';
import { CheckoutModule } from './checkout/checkout.module';
import { HealthModule } from './health/health.module';
import { PaymentsModule } from './payments/payments.module';

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true }),
    // `TrackingModule.forRoot()` would do if the environment were all there is to say.
    TrackingModule.forRootAsync({
      imports: [ConfigModule],
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        ...optionsFromEnv((name) => config.get<string>(name)),
        // The shop stands behind a proxy on the same machine: only that one may say who the visitor is.
        context: { trustProxy: 'loopback' },
      }),
    }),
    AuthModule,
    CheckoutModule,
    PaymentsModule,
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
