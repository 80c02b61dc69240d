import type { HttpService } from '@nestjs/axios';
import type { LoggerService } from '@nestjs/common';

import { systemClock, type Clock } from './clock';
import { compileTrust, type IsTrusted, type TrustProxy } from './context/client-ip';
import type { ContextStore } from './context/context-store';
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
import { CATALOG } from './destinations/catalog';
import type { DestinationDefinition, LanePreferences } from './destinations/destination-definition';
import { OptionReader } from './destinations/option-reader';
import type { Problem } from './events/problem';
import { OVERFLOW_POLICIES, type OutboxSettings } from './outbox/outbox-settings';
import type { Storage } from './outbox/storage';
import { type ConsentPolicy, type WhenUnknown } from './privacy/consent-gate';
import { normalizeCountry } from './privacy/postal-address';
import { readSqliteLocation } from './sqlite/sqlite-location';
import { InvalidOptionsError } from './tracking.error';

type Catalog = typeof CATALOG;

/** `'meta' | 'tiktok' | 'ga4' | 'serverGtm'`: one for each line of the catalog. */
export type DestinationName = Catalog[number]['name'];

/** The options of each destination under its name. */
export type DestinationOptions = {
  readonly [Definition in Catalog[number] as Definition['name']]?: NonNullable<
    Definition['optionsType']
  >;
};

/** Where events and contexts live: one of the members, or the host's own. */
export type TrackingStorage = Storage<ContextStore>;

export interface ContextOptions {
  /** Which proxies may say who the client is, as Express' `trust proxy` means it; default none. */
  readonly trustProxy?: TrustProxy;
  /** Headers of a provider that are believed from a trusted proxy, in this order: `['cf-connecting-ip']`. */
  readonly ipHeaders?: readonly string[];
  /** How long `saveContext` keeps a context; default 7 days. */
  readonly ttlMs?: number;
}

export interface ConsentOptions {
  /**
   * What to do where a needed purpose is neither granted nor denied. `by-region` (default): `withhold` if
   * the event's `consent.region` is in the EEA, the UK or Switzerland, else `send`.
   */
  readonly whenUnknown?: WhenUnknown | 'by-region';
}

export interface PrivacyOptions {
  /** ISO 3166-1 alpha-2; for phones in national form of users without a country. */
  readonly defaultCountry?: string;
}

/** Options of `TrackingModule`. A destination without credentials is disabled. */
export interface TrackingModuleOptions extends DestinationOptions {
  /**
   * Where accepted events wait: `memory:` (default; gone with the process), `file:./data/tracking.db`
   * (needs `libsql`), `redis://…` (needs `bullmq` and `ioredis`), `postgres://…` (needs `bullmq` and
   * `pg`), or a storage of your own.
   */
  readonly storage?: string | TrackingStorage;
  /** For all destinations, and under a destination's name for it alone. */
  readonly delivery?: DeliveryOptions &
    LaneOverrides &
    Readonly<Partial<Record<DestinationName, LaneOverrides>>>;
  readonly context?: ContextOptions;
  readonly consent?: ConsentOptions;
  readonly privacy?: PrivacyOptions;
  /** Sends through this service, with its interceptors, agents and proxy; default: a lean one of our own. */
  readonly httpService?: HttpService;
  readonly logger?: LoggerService;
  readonly clock?: Clock;
}

/** A destination that has its credentials. */
export interface EnabledDestination {
  readonly definition: DestinationDefinition<string, object, unknown>;
  readonly settings: unknown;
  readonly lane: LaneSettings;
}

/** Options that were checked, with every default in place. */
export interface ResolvedTrackingOptions {
  readonly destinations: readonly EnabledDestination[];
  readonly storage: string | TrackingStorage;
  readonly shutdownTimeoutMs: number;
  readonly role: DeliveryRole;
  readonly waitUntil: ((work: Promise<unknown>) => void) | undefined;
  /** What the host has set; the rest has the defaults of the storage. */
  readonly outbox: Partial<OutboxSettings>;
  readonly isTrustedProxy: IsTrusted;
  readonly ipHeaders: readonly string[];
  readonly contextTtlMs: number;
  readonly consent: ConsentPolicy;
  readonly defaultCountry: string | undefined;
  readonly httpService: HttpService | undefined;
  readonly logger: LoggerService | undefined;
  readonly clock: Clock;
  /** What the host should know at the start; none of it stops it. */
  readonly warnings: readonly string[];
}

const OPTION_KEYS = [
  'storage',
  'delivery',
  'context',
  'consent',
  'privacy',
  'httpService',
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
export function resolveOptions(options: TrackingModuleOptions = {}): ResolvedTrackingOptions {
  const problems: Problem[] = [];
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
  context.rejectUnknown(['trustProxy', 'ipHeaders', 'ttlMs']);
  const consent = new OptionReader('consent', options.consent, problems);
  consent.rejectUnknown(['whenUnknown']);
  const privacy = new OptionReader('privacy', options.privacy, problems);
  privacy.rejectUnknown(['defaultCountry']);
  const resolved: ResolvedTrackingOptions = {
    destinations,
    storage: resolveStorage(options.storage, root),
    shutdownTimeoutMs:
      delivery.integer('shutdownTimeoutMs', 0, 600_000) ?? DEFAULT_SHUTDOWN_TIMEOUT_MS,
    role: resolveRole(options.storage, delivery),
    waitUntil: resolveWaitUntil(options.delivery?.waitUntil, delivery),
    outbox: resolveOutbox(delivery),
    isTrustedProxy: resolveTrust(options.context?.trustProxy, context),
    ipHeaders: resolveIpHeaders(options.context?.ipHeaders, context),
    contextTtlMs: context.integer('ttlMs', 1_000, 400 * DAY_MS) ?? 7 * DAY_MS,
    consent: resolveConsent(consent),
    defaultCountry: resolveCountry(privacy),
    httpService: options.httpService,
    logger: options.logger,
    clock: options.clock ?? systemClock,
    warnings: [
      ...destinations.flatMap(({ definition, settings }) => definition.warnings?.(settings) ?? []),
      ...doubleCounting(options),
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
    'contexts' in storage
  ) {
    checkShape(reader, 'storage.outbox', storage.outbox, 'append', 'consume', 'flush', 'stats');
    checkShape(reader, 'storage.contexts', storage.contexts, 'save', 'load');
    return storage as TrackingStorage;
  }
  const scheme = typeof storage === 'string' ? /^([a-z]+):/i.exec(storage)?.[1] : undefined;
  const problem = storageProblem(scheme?.toLowerCase(), storage as string);
  if (problem !== undefined) reader.note('storage', problem);
  return problem === undefined ? (storage as string) : 'memory:';
}

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

function resolveCountry(reader: OptionReader): string | undefined {
  const hint = 'an ISO 3166-1 alpha-2 code such as GB';
  const text = reader.text('defaultCountry', /^[A-Za-z]{2}$/, hint);
  const code = text === undefined ? undefined : normalizeCountry(text);
  if (text !== undefined && code === undefined) reader.note('defaultCountry', `expected ${hint}`);
  return code;
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

function resolveConsent(reader: OptionReader): ConsentPolicy {
  const choice = reader.oneOf('whenUnknown', ['send', 'withhold', 'by-region'], 'by-region');
  return choice === 'by-region' ? {} : { whenUnknown: choice };
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
