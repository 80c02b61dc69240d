import { HttpModule, HttpService } from '@nestjs/axios';
import {
  ConfigurableModuleBuilder,
  Inject,
  Logger,
  Module,
  type NestModule,
  type DynamicModule,
  type LoggerService,
  type InjectionToken,
  type ModuleMetadata,
  type OptionalFactoryDependency,
  type Provider,
  type Type,
} from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { APP_INTERCEPTOR, HttpAdapterHost } from '@nestjs/core';

import { CaptureInterceptor } from './context/capture.interceptor';
import { captureRequests, type HttpAdapter } from './context/capture-requests';
import { CLICK_ID_SOURCES } from './context/click-id-sources';
import { ContextStore } from './context/context-store';
import { RequestReader } from './context/request-reader';
import { RequestScope } from './context/request-scope';
import { recallVisitor } from './context/visit';
import { VisitorCookies, type VisitorCookieSettings } from './context/visitor-cookies';
import { readConsentCookies } from './consent/consent-cookies';
import { DeadLetterService } from './dead-letter.service';
import { DeliveryService, type DeliveryParts } from './delivery/delivery.service';
import type { SendGate } from './delivery/send-gate';
import { CATALOG } from './destinations/catalog';
import type { Destination } from './destinations/destination';
import type { DestinationDefinition } from './destinations/destination-definition';
import { EventContexts } from './event-contexts';
import { auditKeysFrom } from './audit/audit-key';
import type * as Audit from './audit/open-audit-log';
import { AuditHeads } from './audit/audit-heads';
import { AuditTrail } from './audit-trail';
import { errorName } from './events/problem';
import { MatchQualityBoard } from './match-quality';
import { SealError } from './records/vault';
import { ActivityStream } from './outbox/activity';
import type { LeasedEntry } from './outbox/outbox';
import { openStorage } from './open-storage';
import { LaneHealthBoard } from './outbox/lane-health';
import { untilTimeIsUp } from './outbox/until-time-is-up';
import { People } from './people';
import type { ConsentPolicy } from './privacy/consent-gate';
import { ConsentRegister, stoppedBy } from './privacy/consent-register';
import { preparePhones } from './privacy/phone';
import { SharedSubjects } from './privacy/subject-secret';
import { BotGate } from './privacy/bot-gate';
import { safeLogger } from './safe-logger';
import { ServerTrackingService, type TrackingParts } from './server-tracking.service';
import { SentEvents } from './sent-events';
import { startReport } from './start-report';
import { TestEvents } from './test-events';
import { optionsFromEnv } from './tracking.env';
import {
  resolveOptions,
  type ResolvedTrackingOptions,
  type TrackingModuleOptions,
  type TrackingStorage,
} from './tracking.options';
import {
  TRACKING_DELIVERY_PARTS,
  TRACKING_DOOR,
  TRACKING_LOGGER,
  TRACKING_OPTIONS,
  TRACKING_PARTS,
  TRACKING_REQUEST_SCOPE,
} from './tracking.tokens';
import { InvalidOptionsError } from './tracking.error';
import { HttpTransport } from './transport/http-transport';
import { openNodeHttp } from './transport/lean-post';
import { openUndici } from './transport/undici-post';

/** Makes the options in a class of the host's, for `useClass` and `useExisting`. */
export interface TrackingOptionsFactory {
  createTrackingOptions(): Promise<TrackingModuleOptions> | TrackingModuleOptions;
}

export interface TrackingModuleExtras {
  /** Whether other modules see the services without importing this one; default true. */
  isGlobal?: boolean | undefined;
}

export interface TrackingModuleAsyncOptions
  extends Pick<ModuleMetadata, 'imports'>, TrackingModuleExtras {
  inject?: (InjectionToken | OptionalFactoryDependency)[] | undefined;
  /** The arguments are what `inject` names. */
  useFactory?:
    | ((...dependencies: never[]) => Promise<TrackingModuleOptions> | TrackingModuleOptions)
    | undefined;
  useClass?: Type<TrackingOptionsFactory> | undefined;
  useExisting?: Type<TrackingOptionsFactory> | undefined;
}

const RAW_OPTIONS = Symbol('TRACKING_RAW_OPTIONS');

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<TrackingModuleOptions>({
  optionsInjectionToken: RAW_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createTrackingOptions')
  .setExtras<TrackingModuleExtras>({ isGlobal: true }, (definition, { isGlobal = true }) => ({
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
export class TrackingModule implements NestModule {
  constructor(
    @Inject(TRACKING_OPTIONS) private readonly options: ResolvedTrackingOptions,
    @Inject(TRACKING_REQUEST_SCOPE) private readonly requests: RequestScope,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  /** Nest calls it before it makes routes, which is when a server still takes hooks. */
  configure(): void {
    const adapter = this.host.httpAdapter as HttpAdapter | undefined;
    // A microservice and a context without a server have an adapter that does nothing, or none.
    if (this.options.captureRequests !== true || adapter?.getInstance() == null) return;
    captureRequests(adapter, this.requests);
  }

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
      exports: [
        ServerTrackingService,
        DeadLetterService,
        TRACKING_REQUEST_SCOPE,
        TRACKING_LOGGER,
        ...DESTINATION_SERVICES,
      ],
    };
  }
}

interface BuiltParts {
  readonly requests: RequestScope;
  readonly tracking: TrackingParts;
  readonly delivery: DeliveryParts;
}

/** A shutdown waits no longer for withdrawals that are being noted. */
const MAX_WITHDRAWAL_MS = 2_000;

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
  {
    provide: TRACKING_REQUEST_SCOPE,
    inject: [BUILT_PARTS],
    useFactory: ({ requests }: BuiltParts) => requests,
  },
  {
    provide: TRACKING_LOGGER,
    inject: [TRACKING_PARTS],
    useFactory: ({ logger }: TrackingParts) => logger,
  },
  { provide: APP_INTERCEPTOR, useClass: CaptureInterceptor },
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
  const { clock, vault } = options;
  preparePhones();
  const logger = safeLogger(options.logger ?? new Logger('TrackingModule'));
  const transport = new HttpTransport(
    options.httpService ?? http,
    options.transport === 'undici' ? await openUndici() : openNodeHttp(),
    options.httpService !== undefined,
  );
  const activity = new ActivityStream();
  const { visitor } = options;
  const reader = new RequestReader({
    isTrusted: options.isTrustedProxy,
    ipHeaders: options.ipHeaders,
    clickIds: [...CLICK_ID_SOURCES, ...clickIdsOfCatalog()],
    readConsent: (cookies, isGpc) => readConsentCookies(cookies, isGpc, options.consentReaders),
    ...(visitor !== undefined && {
      recallVisitor: (cookies, consent, nowMs) =>
        recallVisitor(cookies, consent?.analyticsStorage, visitor, nowMs),
    }),
  });
  const requests = new RequestScope(
    reader,
    clock,
    options.captureRequests,
    visitor && {
      cookies: await visitorCookies(visitor, reader),
      // A host that resolves consent knows better than cookies do, and is asked where its session is there.
      isAutomatic: options.resolveConsent === undefined,
    },
  );
  const storage =
    typeof options.storage === 'string'
      ? await openStorage(options.storage, options.outbox, { clock, activity, logger, vault })
      : options.storage;
  const { records } = storage;
  const contexts = new ContextStore(records, vault, clock);
  const shared = new SharedSubjects(records, vault);
  const subjects = () => shared.get();
  const register = new ConsentRegister(records, clock);
  const audit = await openAudit(options, storage, logger);
  activity.onEvicted = (entry, reason) => audit?.evicted(entry, reason);
  const people = new People({
    subjects,
    records,
    contexts,
    register,
    outbox: storage.outbox,
    audit,
    clock,
  });
  await knowSubjects(shared, logger);
  const now = () => clock.now();
  const testEvents = new TestEvents(options.testEventsUntilMs, now);
  const health = new LaneHealthBoard();
  const lanes = await Promise.all(
    options.destinations.map(async (enabled) => {
      const { lane } = enabled;
      const destination = await testEvents.open(enabled, { transport, now });
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
      get endpoint() {
        return enabled && testEvents.endpoint(enabled);
      },
    };
  });
  for (const line of startReport(summaries, storage, options, audit?.description)) logger.log(line);
  for (const warning of options.warnings) logger.warn(`tracking: ${warning}`);
  const cancelEnd = testEvents.tellEnd(options, logger);
  return {
    requests,
    tracking: {
      destinations,
      summaries,
      outbox: storage.outbox,
      contexts: new EventContexts({
        contexts,
        register,
        link: (names, own) => people.link(names, own),
        sendsUnknown: options.consent.whenUnknown === 'send',
        contextTtlMs: options.contextTtlMs,
        reader,
        requests,
        resolveConsent: options.resolveConsent,
        subjects,
        clock,
        logger,
      }),
      people,
      audit,
      storage,
      role: options.role,
      waitUntil: options.waitUntil,
      activity,
      reader,
      consent: options.consent,
      privacy: { ...options.privacy, forms: formsOf(destinations) },
      minimization: options.privacy.rules,
      bots: options.privacy.bots === 'skip' ? await BotGate.open() : undefined,
      health,
      matchQuality: new MatchQualityBoard(destinations),
      sent: new SentEvents(),
      clock,
      logger,
    },
    delivery: {
      role: options.role,
      outbox: storage.outbox,
      isDurable: storage.isDurable,
      gate: withdrawalGate(register, options.consent),
      audit,
      activity,
      lanes,
      health,
      clock,
      logger,
      shutdownTimeoutMs: options.shutdownTimeoutMs,
      close: async () => {
        cancelEnd();
        // Its ends of chains are kept in the storage, which must still be open.
        await untilTimeIsUp(MAX_WITHDRAWAL_MS, () => register.settled());
        await audit?.close();
        await (storage.close === undefined ? storage.outbox.close() : storage.close());
        transport.close();
      },
    },
  };
}

/** @throws InvalidOptionsError for a domain whose cookies every browser refuses. */
async function visitorCookies(
  settings: VisitorCookieSettings,
  reader: RequestReader,
): Promise<VisitorCookies> {
  const { getDomain } = await import('tldts');
  const registrableDomain = (host: string) => getDomain(host, { allowPrivateDomains: true });
  if (settings.domain !== 'auto' && registrableDomain(settings.domain) === null)
    throw new InvalidOptionsError([
      {
        field: 'context.visitor.domain',
        code: 'invalid',
        message: `browsers take no cookie for ${settings.domain}: it is an address, or others' domains end with it`,
      },
    ]);
  return new VisitorCookies(settings, reader, registrableDomain);
}

async function openAudit(
  { audit, vault, clock }: ResolvedTrackingOptions,
  { records, isDurable }: TrackingStorage,
  logger: LoggerService,
): Promise<AuditTrail | undefined> {
  if (audit === undefined) return undefined;
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded for those alone who keep a log
  const { openAuditLog } = require('./audit/open-audit-log') as typeof Audit;
  const log = await openAuditLog(audit.url, {
    ...auditKeysFrom(vault),
    clock,
    logger,
    retentionDays: audit.retentionDays,
    ...(isDurable && { heads: new AuditHeads(records) }),
  });
  return new AuditTrail(log, clock, logger);
}

/**
 * The names of people are needed with the first event. A storage that is away has time until then; one that was
 * sealed with other keys will never open.
 *
 * @throws SealError
 */
async function knowSubjects(shared: SharedSubjects, logger: LoggerService): Promise<void> {
  try {
    await shared.get();
  } catch (error) {
    if (error instanceof SealError)
      throw new Error(
        `tracking: the storage ${error.message}; put the key with which it was made behind the new one (TRACKING_ENCRYPTION_KEY)`,
        { cause: error },
      );
    logger.warn(`tracking: the storage is not there yet: ${errorName(error)}`);
  }
}

/** Nothing goes out to a destination that needs, by itself or by the host's policy, what its person has taken back. */
function withdrawalGate(register: ConsentRegister, { destinations }: ConsentPolicy): SendGate {
  return {
    isOpen: (entries) => register.areUnmarked(entries.map(namesOf)),
    check: async (entries, used) => {
      const found = await register.findAll(entries.map(namesOf));
      return entries.map((entry, index) => {
        const withdrawal = found[index];
        if (withdrawal === undefined) return undefined;
        const needed = destinations?.[entry.destination]?.purposes ?? [];
        return stoppedBy(withdrawal, [...new Set([...used, ...needed])], entry);
      });
    },
  };
}

function namesOf({ subjects = NO_NAMES }: LeasedEntry): readonly string[] {
  return subjects;
}

const NO_NAMES: readonly string[] = [];

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
