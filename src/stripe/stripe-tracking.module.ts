import {
  ConfigurableModuleBuilder,
  Module,
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
} from '@nestjs/common';

import { resolveStripeOptions, type StripeTrackingOptions } from './stripe-tracking.options';
import { STRIPE_TRACKING_OPTIONS, StripeTrackingService } from './stripe-tracking.service';

export interface StripeTrackingModuleExtras {
  /** Whether other modules see the service without importing this one; default true. */
  isGlobal?: boolean | undefined;
  /** The module around `TrackingModule`, where that one is not global. */
  imports?: DynamicModule['imports'];
}

const RAW_OPTIONS = Symbol('STRIPE_TRACKING_RAW_OPTIONS');

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<StripeTrackingOptions>({
  optionsInjectionToken: RAW_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras<StripeTrackingModuleExtras>(
    { isGlobal: true },
    (definition, { isGlobal = true, imports = [] }) => ({
      ...definition,
      global: isGlobal,
      imports: [...(definition.imports ?? []), ...imports],
    }),
  )
  .build();

/** Brings `StripeTrackingService`. Import it once, beside `TrackingModule`. */
@Module({})
export class StripeTrackingModule {
  /** @throws InvalidOptionsError while the application starts, with every problem at once. */
  static forRoot(options: StripeTrackingOptions & StripeTrackingModuleExtras = {}): DynamicModule {
    return StripeTrackingModule.with(ConfigurableModuleClass.forRoot(options));
  }

  /** The same with options that have to be awaited. */
  static forRootAsync(
    options: ConfigurableModuleAsyncOptions<StripeTrackingOptions> & StripeTrackingModuleExtras,
  ): DynamicModule {
    return StripeTrackingModule.with(ConfigurableModuleClass.forRootAsync(options));
  }

  private static with(configured: DynamicModule): DynamicModule {
    return {
      ...configured,
      module: StripeTrackingModule,
      providers: [
        ...(configured.providers ?? []),
        {
          provide: STRIPE_TRACKING_OPTIONS,
          inject: [RAW_OPTIONS],
          useFactory: resolveStripeOptions,
        },
        StripeTrackingService,
      ],
      exports: [StripeTrackingService],
    };
  }
}
