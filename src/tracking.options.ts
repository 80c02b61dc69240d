import type { HttpService } from '@nestjs/axios';
import type { LoggerService } from '@nestjs/common';

import { systemClock, type Clock } from './clock';
import {
  resolveConsentOptions,
  type ConsentOptions,
  type ResolvedConsentOptions,
} from './consent.options';
import { compileTrust, type IsTrusted, type TrustProxy } from './context/client-ip';
import {
  DEFAULT_SHUTDOWN_TIMEOUT_MS,
  DELIVERY_ROLES,
  LANE_DEFAULTS,
  type DeliveryOptions,
  type DeliveryRole,
  type LaneOverrides,
} from './delivery/delivery.options';
import type { LaneSettings } from './delivery/lane';
import { DEFAULT_RETRY } from './delivery/retry-policy';
import { auditUrlProblem } from './audit/audit-url';
import { CATALOG } from './destinations/catalog';
import type { DestinationDefinition, LanePreferences } from './destinations/destination-definition';
import { OptionReader } from './destinations/option-reader';
import type { CaptureRequests } from './context/request-scope';
import type { VisitorCookieSettings } from './context/visitor-cookies';
import type { Problem } from './events/problem';
import { OVERFLOW_POLICIES, type OutboxSettings } from './outbox/outbox-settings';
import type { Storage } from './outbox/storage';
import { MAKE_A_KEY, readEncryptionKeys } from './records/encryption-keys';
import { Vault } from './records/vault';
import { readSqliteLocation } from './sqlite/sqlite-location';
import {
  resolvePrivacy,
  type PrivacyOptions as PrivacyOptionsOf,
  type PrivacySubject,
  type ResolvedPrivacy,
} from './tracking-privacy.options';
import { resolveTestEvents, type TestEventsOptions } from './test-events.options';
import { InvalidOptionsError } from './tracking.error';
import { resolveVisitorOptions, type VisitorOptions } from './visitor.options';

type Catalog = typeof CATALOG;

/** `'meta' | 'tiktok' | 'ga4' | 'serverGtm'`: one for each line of the catalog. */
export type DestinationName = Catalog[number]['name'];

/** The options of each destination under its name. */
export type DestinationOptions = {
  readonly [Definition in Catalog[number] as Definition['name']]?:
    NonNullable<Definition['optionsType']> | undefined;
};

/** Where events and records live: one of the members, or the host's own. */
export type TrackingStorage = Storage;

export interface ContextOptions {
  /** Which proxies may say who the client is, as Express' `trust proxy` means it; default none. */
  readonly trustProxy?: TrustProxy | undefined;
  /** Headers of a provider that are believed from a trusted proxy, in this order: `['cf-connecting-ip']`. */
  readonly ipHeaders?: readonly string[] | undefined;
  /**
   * Whether an event without `context` gets that of the request being served, wherever in its work it is
   * tracked. Default false. `{ current }`: the host's own means find the request, such as nestjs-cls.
   */
  readonly captureRequests?: CaptureRequests | undefined;
  /**
   * Whether visitors are recognised by first-party cookies on captured requests; default false. They are
   * written with consent alone, which the readers of `consent` have to find in the request.
   */
  readonly visitor?: boolean | VisitorOptions | undefined;
  /** How long `saveContext` keeps a context; default 7 days. */
  readonly ttlMs?: number | undefined;
}

export type PrivacyOptions = PrivacyOptionsOf<DestinationName>;

const TRANSPORTS = ['http', 'undici'] as const;

export type TransportName = (typeof TRANSPORTS)[number];

export interface AuditOptions {
  /** `file:./data/audit.db` (needs `libsql`), `postgres://…` (needs `pg`) or `jsonl:./data/audit.jsonl`. */
  readonly url: string;
  /** Default 395: thirteen months. */
  readonly retentionDays?: number | undefined;
}

/** Options of `TrackingModule`. A destination without credentials is disabled. */
export interface TrackingModuleOptions extends DestinationOptions, TestEventsOptions {
  /**
   * Where accepted events wait: `memory:` (default; gone with the process), `file:./data/tracking.db`
   * (needs `libsql`), `redis://…` (needs `bullmq` and `ioredis`), `postgres://…` (needs `bullmq` and
   * `pg`), or a storage of your own.
   */
  readonly storage?: string | TrackingStorage | undefined;
  /**
   * Seals what a storage keeps about people: 32 bytes as base64 or hex. Of several the first one seals, and
   * all of them open: put a new one in front. A storage that outlives the process needs one.
   */
  readonly encryptionKey?: string | readonly string[] | undefined;
  /** For all destinations, and under a destination's name for it alone. */
  readonly delivery?:
    | (DeliveryOptions &
        LaneOverrides &
        Readonly<Partial<Record<DestinationName, LaneOverrides | undefined>>>)
    | undefined;
  readonly context?: ContextOptions | undefined;
  readonly consent?: ConsentOptions | undefined;
  readonly privacy?: PrivacyOptions | undefined;
  /** What went where on which consent, to be shown later; without it no such log is kept. */
  readonly audit?: AuditOptions | undefined;
  /** Sends through this service, with its interceptors, agents and proxy; default: a lean one of our own. */
  readonly httpService?: HttpService | undefined;
  /**
   * How requests travel without an `httpService`: by `node:http` (`http`, default), or by `undici` (needs the
   * package), which takes less CPU for a request, and which `nock` does not see.
   */
  readonly transport?: TransportName | undefined;
  readonly logger?: LoggerService | undefined;
  readonly clock?: Clock | undefined;
}

/** A destination that has its credentials. */
export interface EnabledDestination {
  readonly definition: DestinationDefinition<string, object, unknown>;
  readonly settings: unknown;
  readonly lane: LaneSettings;
}

/** Options that were checked, with every default in place. */
export interface ResolvedTrackingOptions extends ResolvedConsentOptions {
  readonly destinations: readonly EnabledDestination[];
  readonly storage: string | TrackingStorage;
  readonly vault: Vault;
  readonly shutdownTimeoutMs: number;
  readonly role: DeliveryRole;
  readonly waitUntil: ((work: Promise<unknown>) => void) | undefined;
  /** What the host has set; the rest has the defaults of the storage. */
  readonly outbox: Partial<OutboxSettings>;
  readonly isTrustedProxy: IsTrusted;
  readonly ipHeaders: readonly string[];
  readonly captureRequests: CaptureRequests;
  readonly visitor: VisitorCookieSettings | undefined;
  readonly contextTtlMs: number;
  readonly privacy: ResolvedPrivacy;
  readonly audit: AuditOptions | undefined;
  readonly httpService: HttpService | undefined;
  readonly transport: TransportName;
  readonly logger: LoggerService | undefined;
  readonly clock: Clock;
  /** When test modes end, in Unix milliseconds; `undefined`: nobody minds them, or none is on. */
  readonly testEventsUntilMs: number | undefined;
  /** What the host should know at the start; none of it stops it. */
  readonly warnings: readonly string[];
}

const OPTION_KEYS = [
  'environment',
  'allowTestEventsUntil',
  'storage',
  'encryptionKey',
  'delivery',
  'context',
  'consent',
  'privacy',
  'audit',
  'httpService',
  'transport',
  'logger',
  'clock',
  'isGlobal',
];
const LANE_KEYS = [
  'maxBatchEvents',
  'concurrency',
  'maxRequestsPerSecond',
  'lingerMs',
  'timeoutMs',
  'retryHorizonMs',
  'retryBaseDelayMs',
];
const DAY_MS = 24 * 3_600_000;

/**
 * Checks all options at once and fills in the defaults.
 *
 * @throws InvalidOptionsError with every problem, if there is one.
 */
export function resolveOptions(given: TrackingModuleOptions = {}): ResolvedTrackingOptions {
  const problems: Problem[] = [];
  // A factory in JavaScript may return anything.
  const options = (given as TrackingModuleOptions | null) ?? {};
  const root = new OptionReader('', options, problems);
  root.rejectUnknown([...CATALOG.map(({ name }) => name), ...OPTION_KEYS]);
  const destinations = CATALOG.flatMap((definition) =>
    resolveDestination(
      definition as unknown as EnabledDestination['definition'],
      options,
      problems,
    ),
  );
  const delivery = new OptionReader('delivery', options.delivery, problems);
  delivery.rejectUnknown([
    ...LANE_KEYS,
    'role',
    'waitUntil',
    'shutdownTimeoutMs',
    'maxPendingEntries',
    'maxPendingBytes',
    'overflow',
    'idempotencyWindowMs',
    'deadLetterTtlMs',
    ...CATALOG.map(({ name }) => name),
  ]);
  const context = new OptionReader('context', options.context, problems);
  context.rejectUnknown(['trustProxy', 'ipHeaders', 'captureRequests', 'visitor', 'ttlMs']);
  const privacy = resolvePrivacy(
    options.privacy,
    CATALOG.map(
      (definition) =>
        destinations.find(({ definition: { name } }) => name === definition.name) ?? { definition },
    ) as PrivacySubject[],
    problems,
  );
  const storage = resolveStorage(options.storage, root);
  const vault = resolveVault(options.encryptionKey, storage, root);
  const testEventsUntilMs = resolveTestEvents(
    root,
    options.allowTestEventsUntil,
    destinations,
    typeof options.clock?.now === 'function' ? options.clock.now() : systemClock.now(),
  );
  const resolved: ResolvedTrackingOptions = {
    destinations,
    storage,
    vault: vault ?? Vault.ephemeral(),
    shutdownTimeoutMs:
      delivery.integer('shutdownTimeoutMs', 0, 600_000) ?? DEFAULT_SHUTDOWN_TIMEOUT_MS,
    role: resolveRole(options.storage, delivery),
    waitUntil: resolveWaitUntil(options.delivery?.waitUntil, delivery),
    outbox: resolveOutbox(delivery),
    isTrustedProxy: resolveTrust(options.context?.trustProxy, context),
    ipHeaders: resolveIpHeaders(options.context?.ipHeaders, context),
    captureRequests: resolveCapture(options.context?.captureRequests, context),
    visitor: resolveVisitorOptions(context, options.context?.visitor),
    contextTtlMs: context.integer('ttlMs', 1_000, 400 * DAY_MS) ?? 7 * DAY_MS,
    ...resolveConsentOptions(
      new OptionReader('consent', options.consent, problems),
      options.consent,
    ),
    privacy,
    audit: resolveAudit(options.audit, vault, problems),
    httpService: options.httpService,
    transport: resolveTransport(options.httpService, root),
    logger: options.logger,
    clock: options.clock ?? systemClock,
    testEventsUntilMs,
    warnings: [
      ...destinations.flatMap(({ definition, settings }) => definition.warnings?.(settings) ?? []),
      ...endOfTestEvents(testEventsUntilMs),
      ...doubleCounting(options),
      ...(vault === undefined && typeof storage !== 'string' ? [NO_KEY_FOR_STORAGE] : []),
      ...privacy.warnings,
    ],
  };
  checkShape(root, 'clock', options.clock, 'now', 'after');
  checkShape(root, 'logger', options.logger, 'log', 'warn', 'error');
  checkShape(root, 'httpService', options.httpService?.axiosRef ?? options.httpService, 'request');
  if (problems.length > 0) throw new InvalidOptionsError(problems);
  return resolved;
}

function resolveDestination(
  definition: EnabledDestination['definition'],
  options: TrackingModuleOptions,
  problems: Problem[],
): EnabledDestination[] {
  const name = definition.name as DestinationName;
  const settings = definition.resolve(new OptionReader(name, options[name], problems));
  const lane = resolveLane(name, definition.lane ?? {}, options, problems);
  return settings === undefined ? [] : [{ definition, settings, lane }];
}

/** The most particular setting wins: this destination's, the host's for all, the destination's own, ours. */
function resolveLane(
  name: DestinationName,
  preferences: LanePreferences,
  options: TrackingModuleOptions,
  problems: Problem[],
): LaneSettings {
  const own = readLane(
    new OptionReader(`delivery.${name}`, options.delivery?.[name], problems),
    true,
  );
  // The problems of the common settings are told once, with the first destination; that they are no
  // object at all is told elsewhere.
  const commonDelivery = typeof options.delivery === 'object' ? options.delivery : {};
  const common = readLane(
    new OptionReader('delivery', commonDelivery, name === CATALOG[0].name ? problems : []),
    false,
  );
  const settings = { ...LANE_DEFAULTS, ...preferences, ...common, ...own };
  return {
    maxBatchEvents: settings.maxBatchEvents ?? Infinity,
    concurrency: settings.concurrency,
    maxRequestsPerSecond: settings.maxRequestsPerSecond ?? Infinity,
    lingerMs: settings.lingerMs,
    timeoutMs: settings.timeoutMs,
    retry: {
      ...DEFAULT_RETRY,
      baseDelayMs: settings.retryBaseDelayMs,
      horizonMs: settings.retryHorizonMs,
    },
  };
}

function readLane(reader: OptionReader, isOwn: boolean): LaneOverrides {
  if (isOwn) reader.rejectUnknown(LANE_KEYS);
  const lane: LaneOverrides = {
    maxBatchEvents: reader.integer('maxBatchEvents', 1, 1_000),
    concurrency: reader.integer('concurrency', 1, 256),
    maxRequestsPerSecond: reader.integer('maxRequestsPerSecond', 1, 100_000),
    lingerMs: reader.integer('lingerMs', 0, 60_000),
    timeoutMs: reader.integer('timeoutMs', 1, 120_000),
    retryHorizonMs: reader.integer('retryHorizonMs', 0, 7 * DAY_MS),
    retryBaseDelayMs: reader.integer('retryBaseDelayMs', 1, 3_600_000),
  };
  return Object.fromEntries(Object.entries(lane).filter(([, value]) => value !== undefined));
}

function resolveStorage(storage: unknown, reader: OptionReader): string | TrackingStorage {
  if (storage === undefined || storage === 'memory:') return 'memory:';
  if (
    typeof storage === 'object' &&
    storage !== null &&
    'outbox' in storage &&
    'records' in storage
  ) {
    checkShape(reader, 'storage.outbox', storage.outbox, 'append', 'consume', 'flush', 'stats');
    checkShape(reader, 'storage.records', storage.records, 'put', 'get', 'eraseBySubjects');
    return storage as TrackingStorage;
  }
  const scheme = typeof storage === 'string' ? /^([a-z]+):/i.exec(storage)?.[1] : undefined;
  const problem = storageProblem(scheme?.toLowerCase(), storage as string);
  if (problem !== undefined) reader.note('storage', problem);
  return problem === undefined ? (storage as string) : 'memory:';
}

/** @returns nothing where none is set, and none is needed. */
function resolveAudit(
  options: unknown,
  vault: Vault | undefined,
  problems: Problem[],
): AuditOptions | undefined {
  if (options === undefined || options === null) return undefined;
  const reader = new OptionReader('audit', options, problems);
  reader.rejectUnknown(['url', 'retentionDays']);
  const retentionDays = reader.integer('retentionDays', 1, 3_660);
  const { url } = options as { url?: unknown };
  const problem =
    typeof url === 'string'
      ? auditUrlProblem(url)
      : 'expected file:./data/audit.db, postgres://host/database or jsonl:./data/audit.jsonl';
  if (problem !== undefined) reader.note('url', problem);
  if (vault === undefined)
    reader.note(
      'url',
      `the log is proven with a key: set encryptionKey (TRACKING_ENCRYPTION_KEY); ${MAKE_A_KEY}`,
      'missing',
    );
  return problem === undefined ? { url: url as string, retentionDays } : undefined;
}

function resolveVault(
  encryptionKey: unknown,
  storage: string | TrackingStorage,
  reader: OptionReader,
): Vault | undefined {
  const keys = readEncryptionKeys(encryptionKey);
  if (typeof keys === 'string') reader.note('encryptionKey', keys);
  else if (keys.length > 0) return new Vault(keys);
  else if (typeof storage === 'string' && storage !== 'memory:')
    reader.note(
      'encryptionKey',
      `is missing: storage is ${storage.slice(0, storage.indexOf(':'))}: (TRACKING_STORAGE_URL, else REDIS_URL), and what it keeps is sealed. Set it (TRACKING_ENCRYPTION_KEY); ${MAKE_A_KEY}`,
      'missing',
    );
  return undefined;
}

const NO_KEY_FOR_STORAGE =
  'encryptionKey is not set: what is kept in the storage besides events cannot be read after a restart';

function storageProblem(scheme: string | undefined, url: string): string | undefined {
  switch (scheme) {
    case 'file': {
      const location = readSqliteLocation(url);
      return typeof location === 'string' ? location : undefined;
    }
    case 'redis':
    case 'rediss':
    case 'postgres':
    case 'postgresql':
      return URL.canParse(url) ? undefined : `is no URL that can be read (${scheme}:)`;
    default:
      return 'expected memory:, file:./data/tracking.db, redis://host:6379, postgres://host/database, or a storage object';
  }
}

function resolveTransport(httpService: unknown, reader: OptionReader): TransportName {
  const transport = reader.oneOf('transport', TRANSPORTS, 'http');
  if (transport === 'undici' && httpService !== undefined) {
    const message = 'undici and httpService are two ways for the same requests; remove one of them';
    reader.note('transport', message, 'conflict');
  }
  return transport;
}

/** What is accepted in memory can be delivered by this process alone. */
function resolveRole(storage: unknown, reader: OptionReader): DeliveryRole {
  const role = reader.oneOf('role', DELIVERY_ROLES, 'both');
  const isMemory = storage === undefined || storage === 'memory:';
  if (role !== 'both' && isMemory)
    reader.note('role', `${role} needs a storage that processes share; memory: is not one`);
  return role;
}

function resolveWaitUntil(waitUntil: unknown, reader: OptionReader) {
  if (waitUntil === undefined || typeof waitUntil === 'function')
    return waitUntil as ((work: Promise<unknown>) => void) | undefined;
  reader.note('waitUntil', 'expected a function that takes a promise');
  return undefined;
}

function resolveOutbox(reader: OptionReader): Partial<OutboxSettings> {
  const settings: { [Name in keyof OutboxSettings]: OutboxSettings[Name] | undefined } = {
    maxPendingEntries: reader.integer('maxPendingEntries', 1, 100_000_000),
    maxPendingBytes: reader.integer('maxPendingBytes', 10_000, Number.MAX_SAFE_INTEGER),
    overflow: reader.oneOf('overflow', OVERFLOW_POLICIES, 'reject-new'),
    idempotencyWindowMs: reader.integer('idempotencyWindowMs', 0, 30 * DAY_MS),
    deadLetterTtlMs: reader.integer('deadLetterTtlMs', 60_000, 400 * DAY_MS),
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

function resolveTrust(trust: TrustProxy | undefined, reader: OptionReader): IsTrusted {
  try {
    const isHops = typeof trust === 'number' && Number.isInteger(trust) && trust >= 0;
    // A number as text, as an environment variable has it, would be taken for an address.
    const isRanges =
      Array.isArray(trust) || (typeof trust === 'string' && !/^\s*-?\d*\s*$/.test(trust));
    const isUsable = trust === undefined || typeof trust === 'boolean' || isHops || isRanges;
    if (isUsable) return compileTrust(trust ?? false);
  } catch {
    // Told below, with the same words as any other misfit.
  }
  reader.note(
    'trustProxy',
    'expected true or false, a whole number of hops (no text), or addresses, CIDR ranges, loopback, linklocal, uniquelocal',
  );
  return () => false;
}

function resolveIpHeaders(headers: unknown, reader: OptionReader): readonly string[] {
  if (headers === undefined) return [];
  if (Array.isArray(headers) && headers.every((name) => typeof name === 'string')) {
    return headers.map((name) => name.toLowerCase());
  }
  reader.note('ipHeaders', 'expected an array of header names');
  return [];
}

function resolveCapture(capture: unknown, reader: OptionReader): CaptureRequests {
  if (capture === undefined || typeof capture === 'boolean') return capture ?? false;
  const { current } = (capture ?? {}) as { current?: () => unknown };
  if (typeof current === 'function') return { current: (): unknown => current() };
  reader.note('captureRequests', 'expected true, false or { current: a function }');
  return false;
}

/** Whether an object that the host brought has the methods that will be called. */
function checkShape(
  reader: OptionReader,
  key: string,
  value: unknown,
  ...methods: readonly string[]
): void {
  if (value === undefined) return;
  // An axios instance is a function with methods.
  const isShaped = (typeof value === 'object' && value !== null) || typeof value === 'function';
  const shape = (isShaped ? value : {}) as Record<string, unknown>;
  const missing = methods.filter((method) => typeof shape[method] !== 'function');
  if (missing.length > 0)
    reader.note(
      key,
      `expected an object with ${methods.join(', ')}; it lacks ${missing.join(', ')}`,
    );
}

function doubleCounting({ ga4, serverGtm }: TrackingModuleOptions): string[] {
  const isDouble =
    ga4?.measurementId !== undefined && ga4.measurementId === serverGtm?.measurementId;
  return isDouble
    ? [
        'ga4 and serverGtm have the same measurement ID: GA4 counts every event twice if the container forwards it',
      ]
    : [];
}

function endOfTestEvents(untilMs: number | undefined): string[] {
  return untilMs === undefined
    ? []
    : [
        `test events are allowed in production until ${new Date(untilMs).toISOString()}: then events are sent as usual, and a start is refused until the test mode is removed`,
      ];
}
