import { HttpModule, HttpService } from '@nestjs/axios';
import {
  ConfigurableModuleBuilder,
  Logger,
  Module,
  type DynamicModule,
  type InjectionToken,
  type ModuleMetadata,
  type OptionalFactoryDependency,
  type Provider,
  type Type,
} from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';

import { CLICK_ID_SOURCES } from './context/click-id-sources';
import { RequestReader } from './context/request-reader';
import { DeadLetterService } from './dead-letter.service';
import { DeliveryService, type DeliveryParts } from './delivery/delivery.service';
import { CATALOG } from './destinations/catalog';
import type { Destination } from './destinations/destination';
import type { DestinationDefinition } from './destinations/destination-definition';
import { ActivityStream } from './outbox/activity';
import { openStorage } from './open-storage';
import { LaneHealthBoard } from './outbox/lane-health';
import { safeLogger } from './safe-logger';
import { ServerTrackingService, type TrackingParts } from './server-tracking.service';
import { startReport } from './start-report';
import { optionsFromEnv } from './tracking.env';
import {
  resolveOptions,
  type ResolvedTrackingOptions,
  type TrackingModuleOptions,
} from './tracking.options';
import {
  TRACKING_DELIVERY_PARTS,
  TRACKING_DOOR,
  TRACKING_OPTIONS,
  TRACKING_PARTS,
} from './tracking.tokens';
import { HttpTransport } from './transport/http-transport';
import { createAgents } from './transport/lean-post';

/** Makes the options in a class of the host's, for `useClass` and `useExisting`. */
export interface TrackingOptionsFactory {
  createTrackingOptions(): Promise<TrackingModuleOptions> | TrackingModuleOptions;
}

export interface TrackingModuleExtras {
  /** Whether other modules see the services without importing this one; default true. */
  isGlobal?: boolean;
}

export interface TrackingModuleAsyncOptions
  extends Pick<ModuleMetadata, 'imports'>, TrackingModuleExtras {
  inject?: (InjectionToken | OptionalFactoryDependency)[];
  /** The arguments are what `inject` names. */
  useFactory?: (...dependencies: never[]) => Promise<TrackingModuleOptions> | TrackingModuleOptions;
  useClass?: Type<TrackingOptionsFactory>;
  useExisting?: Type<TrackingOptionsFactory>;
}

const RAW_OPTIONS = Symbol('TRACKING_RAW_OPTIONS');

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<TrackingModuleOptions>({
  optionsInjectionToken: RAW_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createTrackingOptions')
  .setExtras<TrackingModuleExtras>({ isGlobal: true }, (definition, { isGlobal }) => ({
    ...definition,
    global: isGlobal,
  }))
  .build();

/**
 * Import it once, in the root module. `ServerTrackingService` and the services of the destinations can
 * then be injected everywhere.
 *
 * Two instances in one application (two accounts) want `isGlobal: false` and two modules around them.
 */
@Module({})
export class TrackingModule {
  /**
   * @param options without them everything comes from the environment, by the host's `ConfigModule`.
   * @throws InvalidOptionsError while the application starts, with every problem at once.
   */
  static forRoot(options?: TrackingModuleOptions & TrackingModuleExtras): DynamicModule {
    if (options !== undefined) return TrackingModule.with(ConfigurableModuleClass.forRoot(options));
    return TrackingModule.forRootAsync({
      imports: [ConfigModule],
      inject: [ConfigService],
      useFactory: (config: ConfigService) => optionsFromEnv((name) => config.get<string>(name)),
    });
  }

  /** The same with options that have to be awaited: `useFactory`, `useClass` or `useExisting`. */
  static forRootAsync(options: TrackingModuleAsyncOptions): DynamicModule {
    return TrackingModule.with(
      ConfigurableModuleClass.forRootAsync(
        options as Parameters<typeof ConfigurableModuleClass.forRootAsync>[0],
      ),
    );
  }

  /** Both doors lead here, so that they cannot drift apart. */
  private static with(configured: DynamicModule): DynamicModule {
    return {
      ...configured,
      module: TrackingModule,
      imports: [...(configured.imports ?? []), HttpModule.register({})],
      providers: [...(configured.providers ?? []), ...PROVIDERS],
      exports: [ServerTrackingService, DeadLetterService, ...DESTINATION_SERVICES],
    };
  }
}

interface BuiltParts {
  readonly tracking: TrackingParts;
  readonly delivery: DeliveryParts;
}

const BUILT_PARTS = Symbol('TRACKING_BUILT_PARTS');
const DESTINATION_SERVICES: Type[] = CATALOG.map(({ service }) => service);

const PROVIDERS: Provider[] = [
  { provide: TRACKING_OPTIONS, inject: [RAW_OPTIONS], useFactory: resolveOptions },
  { provide: BUILT_PARTS, inject: [TRACKING_OPTIONS, HttpService], useFactory: buildParts },
  {
    provide: TRACKING_PARTS,
    inject: [BUILT_PARTS],
    useFactory: ({ tracking }: BuiltParts) => tracking,
  },
  {
    provide: TRACKING_DELIVERY_PARTS,
    inject: [BUILT_PARTS],
    useFactory: ({ delivery }: BuiltParts) => delivery,
  },
  ServerTrackingService,
  DeadLetterService,
  { provide: TRACKING_DOOR, useExisting: ServerTrackingService },
  DeliveryService,
  ...DESTINATION_SERVICES,
];

/** Puts everything together; what is built here belongs to this one module. */
async function buildParts(
  options: ResolvedTrackingOptions,
  http: HttpService,
): Promise<BuiltParts> {
  const { clock } = options;
  const logger = safeLogger(options.logger ?? new Logger('TrackingModule'));
  const transport = new HttpTransport(
    options.httpService ?? http,
    createAgents(),
    options.httpService !== undefined,
  );
  const activity = new ActivityStream();
  const storage =
    typeof options.storage === 'string'
      ? await openStorage(options.storage, options.outbox, { clock, activity, logger })
      : options.storage;
  const health = new LaneHealthBoard();
  const lanes = await Promise.all(
    options.destinations.map(async ({ definition, settings, lane }) => {
      const destination = await definition.create(settings, { transport, now: () => clock.now() });
      const maxBatchEvents = Math.min(lane.maxBatchEvents, destination.limits.maxBatchEvents);
      return { destination, settings: { ...lane, maxBatchEvents } };
    }),
  );
  const destinations = lanes.map(({ destination }) => destination);
  const summaries = CATALOG.map(({ name }) => {
    const enabled = options.destinations.find(({ definition }) => definition.name === name);
    return {
      name,
      isEnabled: enabled !== undefined,
      endpoint: enabled?.definition.describe(enabled.settings),
    };
  });
  for (const line of startReport(summaries, storage, options)) logger.log(line);
  for (const warning of options.warnings) logger.warn(`tracking: ${warning}`);
  return {
    tracking: {
      destinations,
      summaries,
      outbox: storage.outbox,
      contexts: storage.contexts,
      contextTtlMs: options.contextTtlMs,
      storage,
      role: options.role,
      waitUntil: options.waitUntil,
      activity,
      reader: new RequestReader({
        isTrusted: options.isTrustedProxy,
        ipHeaders: options.ipHeaders,
        clickIds: [...CLICK_ID_SOURCES, ...clickIdsOfCatalog()],
      }),
      consent: options.consent,
      privacy: { forms: formsOf(destinations), defaultCountry: options.defaultCountry },
      health,
      clock,
      logger,
    },
    delivery: {
      role: options.role,
      outbox: storage.outbox,
      isDurable: storage.isDurable,
      activity,
      lanes,
      health,
      clock,
      logger,
      shutdownTimeoutMs: options.shutdownTimeoutMs,
      close: async () => {
        await (storage.close === undefined ? storage.outbox.close() : storage.close());
        transport.close();
      },
    },
  };
}

/** Of all destinations, the disabled ones too: a click that was not captured is gone. */
function clickIdsOfCatalog() {
  return CATALOG.flatMap(
    (definition: Pick<DestinationDefinition<string, object, unknown>, 'clickIds'>) =>
      definition.clickIds ?? [],
  );
}

function formsOf(destinations: readonly Destination[]) {
  return new Set(destinations.flatMap(({ userDataForms }) => userDataForms));
}
