import type { DestinationDefinition } from './destinations/destination-definition';
import { OptionReader } from './destinations/option-reader';
import { BOT_POLICIES, type BotPolicy } from './privacy/bot-gate';
import {
  MINIMIZED_FIELDS,
  minimizationRules,
  type MinimizationOptions,
  type MinimizationRules,
} from './privacy/minimization.options';
import { normalizeCountry } from './privacy/postal-address';

/** `Name`: of a destination. */
export interface PrivacyOptions<Name extends string> {
  /** ISO 3166-1 alpha-2; for phones in national form of users without a country. */
  readonly defaultCountry?: string | undefined;
  /** Query parameters that leave every URL, beside those that look secret: `['member_id']`. */
  readonly stripQueryParams?: readonly string[] | undefined;
  /** Browsing of bots (by user agent): `skip` (default), or `send`. Purchases and other confirmed facts are always sent. */
  readonly bots?: BotPolicy | undefined;
  /** `eu`: the application does not start with a destination that is outside, or of which nobody knows. */
  readonly region?: 'eu' | undefined;
  /** Hosts of your own gateways and containers that are in the EU; with this you vouch for them. */
  readonly euHosts?: readonly string[] | undefined;
  /** What every destination may get. */
  readonly all?: MinimizationOptions | undefined;
  /** The same for one of them; what is set here wins. */
  readonly destinations?:
    Readonly<Partial<Record<Name, MinimizationOptions | undefined>>> | undefined;
}

export interface ResolvedPrivacy {
  readonly defaultCountry: string | undefined;
  readonly stripQueryParams: ReadonlySet<string>;
  readonly bots: BotPolicy;
  /** By destination; none for one that gets everything. */
  readonly rules: ReadonlyMap<string, MinimizationRules>;
  readonly warnings: readonly string[];
}

type Definition = Pick<
  DestinationDefinition<string, object, unknown>,
  'name' | 'describe' | 'takesAnonymizedIp' | 'euEndpoint'
>;

/** A destination of the catalog; without settings it is disabled. */
export interface PrivacySubject {
  readonly definition: Definition;
  readonly settings?: unknown;
}

const RULE_KEYS = ['fields', 'ip', 'userAgent', 'clickIds', 'url', 'properties'];
const HOST = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i;

/** Checks the options of `privacy`; all problems are told to the reader's list. */
export function resolvePrivacy(
  source: unknown,
  subjects: readonly PrivacySubject[],
  problems: OptionReader['problems'],
): ResolvedPrivacy {
  const reader = new OptionReader('privacy', source, problems);
  reader.rejectUnknown([
    'defaultCountry',
    'stripQueryParams',
    'bots',
    'region',
    'euHosts',
    'all',
    'destinations',
  ]);
  const stripped = reader.texts('stripQueryParams', /^[^&=#\s]+$/, 'names of query parameters');
  const privacy = {
    defaultCountry: resolveCountry(reader),
    stripQueryParams: new Set(stripped?.map((name) => name.toLowerCase())),
    bots: reader.oneOf('bots', BOT_POLICIES, 'skip'),
  };
  resolveRegion(reader, subjects);
  return { ...privacy, ...resolveRules(source, subjects, problems) };
}

function resolveCountry(reader: OptionReader): string | undefined {
  const hint = 'an ISO 3166-1 alpha-2 code such as GB';
  const text = reader.text('defaultCountry', /^[A-Za-z]{2}$/, hint);
  const code = text === undefined ? undefined : normalizeCountry(text);
  if (text !== undefined && code === undefined) reader.note('defaultCountry', `expected ${hint}`);
  return code;
}

/** Whoever delivers outside of the EU is a problem of its own, told under its name. */
function resolveRegion(reader: OptionReader, subjects: readonly PrivacySubject[]): void {
  const region = reader.optionalOneOf('region', ['eu']);
  const vouched = reader.texts('euHosts', HOST, 'host names such as sgtm.example.com') ?? [];
  if (region === undefined) return;
  for (const { definition, settings } of subjects) {
    if (settings === undefined) continue;
    const { hostname } = new URL(definition.describe(settings));
    const { euEndpoint } = definition;
    if ([...vouched.map((host) => host.toLowerCase()), euEndpoint?.host].includes(hostname))
      continue;
    const orElse = euEndpoint === undefined ? '' : `${euEndpoint.how}, or `;
    reader.problems.push({
      field: definition.name,
      code: 'conflict',
      message:
        `would send to ${hostname}, which is not known to be in the EU, and privacy.region is eu; ${orElse}` +
        'remove its credentials, or send to a server of yours there and vouch for it by its host name in privacy.euHosts',
    });
  }
}

function resolveRules(
  source: unknown,
  subjects: readonly PrivacySubject[],
  problems: OptionReader['problems'],
): Pick<ResolvedPrivacy, 'rules' | 'warnings'> {
  const { all, destinations } = (isRecord(source) ? source : {}) as PrivacyOptions<string>;
  const common = readRules(new OptionReader('privacy.all', all, problems));
  const own = new OptionReader('privacy.destinations', destinations, problems);
  own.rejectUnknown(subjects.map(({ definition }) => definition.name));
  const rules = new Map<string, MinimizationRules>();
  const warnings: string[] = [];
  for (const { definition, settings } of subjects) {
    const { name, takesAnonymizedIp = false } = definition;
    const path = `privacy.destinations.${name}`;
    const options = {
      ...common,
      ...readRules(
        new OptionReader(path, isRecord(destinations) ? destinations[name] : undefined, problems),
      ),
    };
    const found = minimizationRules(options, takesAnonymizedIp);
    if (found !== undefined) rules.set(name, found);
    if (settings !== undefined && options.ip === 'anonymized' && !takesAnonymizedIp) {
      warnings.push(
        `${name} gets no IP: it wants the true one or none, and privacy says anonymized (set ip to 'none' for it, or to 'full')`,
      );
    }
  }
  return { rules, warnings };
}

/** What is set; the rest is left out, so that it does not hide what is set for all. */
function readRules(reader: OptionReader): MinimizationOptions {
  reader.rejectUnknown(RULE_KEYS);
  const options = {
    fields: reader.choices('fields', MINIMIZED_FIELDS),
    ip: reader.optionalOneOf('ip', ['full', 'anonymized', 'none']),
    userAgent: reader.optionalFlag('userAgent'),
    clickIds: reader.optionalFlag('clickIds'),
    url: reader.optionalOneOf('url', ['full', 'path', 'origin', 'none']),
    properties: reader.isFlag('properties')
      ? reader.optionalFlag('properties')
      : reader.texts('properties', /^.{1,100}$/u, 'true, false, or names of properties'),
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
