import type { ConsentReaderSettings } from './consent/consent-cookies';
import {
  CONSENT_READERS,
  DEFAULT_CONSENT_READERS,
  type ConsentReader,
} from './consent/consent-reader';
import type { OneTrustGroups, OneTrustMeaning } from './consent/onetrust';
import { missingPeers } from './consent/peers';
import { CATALOG } from './destinations/catalog';
import { OptionReader } from './destinations/option-reader';
import { CONSENT_PURPOSES, type Consent } from './events/consent';
import { kindOf } from './events/problem';
import type { IncomingRequest } from './events/request-context';
import type {
  ConsentPolicy,
  DestinationConsentPolicy,
  WhenUnknown,
  WithoutStorage,
} from './privacy/consent-gate';
import { countryOf } from './privacy/opt-in-regions';

type Name = (typeof CATALOG)[number]['name'];

/** What the host itself knows of a visitor's consent. */
export type ResolveConsent = (
  request: IncomingRequest,
) => Consent | undefined | Promise<Consent | undefined>;

export interface ConsentOptions {
  /**
   * What to do where a needed purpose is neither granted nor denied. `by-region` (default): `withhold`
   * where opt-in is the law, else `send`.
   */
  readonly whenUnknown?: WhenUnknown | 'by-region' | undefined;
  /** Where opt-in is the law, instead of the EEA, the UK and Switzerland: `['DE', 'CA-QC']`. */
  readonly optInRegions?: readonly string[] | undefined;
  /** Where a person counts as being whose event names no region: `DE`. Default: nowhere known. */
  readonly defaultRegion?: string | undefined;
  /** Where one destination differs. */
  readonly destinations?:
    Readonly<Partial<Record<Name, DestinationConsentPolicy | undefined>>> | undefined;
  /**
   * Which cookies are believed; default `usp`, `onetrust`, `cookiebot`. `tcf` needs `@iabtcf/core`, `gpp`
   * needs `@iabgpp/cmpapi`. `Sec-GPC` is always heard.
   */
  readonly readers?: readonly ConsentReader[] | undefined;
  /** Vendors of the IAB's list that must have consent in a TC string, every one: Google is 755. Needs `tcf` or `gpp`. */
  readonly vendorIds?: readonly number[] | undefined;
  /** What OneTrust's groups of cookies stand for, where the site has its own. Needs `onetrust`. */
  readonly oneTrustGroups?: OneTrustGroups | undefined;
  /** Asked for each request; what it says goes before the cookies. */
  readonly resolve?: ResolveConsent | undefined;
}

/** A part of the module's checked options. */
export interface ResolvedConsentOptions {
  readonly consent: ConsentPolicy;
  readonly consentReaders: ConsentReaderSettings;
  readonly resolveConsent: ResolveConsent | undefined;
}

const MEANINGS: readonly OneTrustMeaning[] = [...CONSENT_PURPOSES, 'sale'];
const REGION = 'regions such as DE or US-CA';

/** Checks the options of consent; what is wrong is noted in the reader. */
export function resolveConsentOptions(
  reader: OptionReader,
  options: ConsentOptions | undefined,
): ResolvedConsentOptions {
  reader.rejectUnknown([
    'whenUnknown',
    'optInRegions',
    'defaultRegion',
    'destinations',
    'readers',
    'vendorIds',
    'oneTrustGroups',
    'resolve',
  ]);
  // What is no object has no fields; that it is none is told by the reader.
  const given: ConsentOptions = isObject(options) ? options : {};
  const choice = reader.oneOf('whenUnknown', ['send', 'withhold', 'by-region'], 'by-region');
  return {
    consent: {
      whenUnknown: choice === 'by-region' ? undefined : choice,
      optInRegions: list(reader, 'optInRegions', given.optInRegions, isRegion, REGION),
      defaultRegion: resolveRegion(reader, given.defaultRegion),
      destinations: resolveDestinations(reader, given.destinations),
    },
    consentReaders: resolveReaderSettings(reader, given),
    resolveConsent: resolveFunction(reader, given.resolve),
  };
}

function resolveRegion(reader: OptionReader, region: unknown): string | undefined {
  if (region === undefined || isRegion(region)) return region;
  reader.note('defaultRegion', 'expected a region such as DE or US-CA');
  return undefined;
}

function resolveDestinations(
  reader: OptionReader,
  destinations: ConsentOptions['destinations'],
): ConsentPolicy['destinations'] {
  if (destinations === undefined) return undefined;
  const names = CATALOG.map(({ name }) => name);
  const path = `${reader.path}.destinations`;
  new OptionReader(path, destinations, reader.problems).rejectUnknown(names);
  const policies: Partial<Record<string, DestinationConsentPolicy>> = {};
  for (const name of names) {
    const policy: DestinationConsentPolicy | undefined = isObject(destinations)
      ? destinations[name]
      : undefined;
    if (policy === undefined) continue;
    const own = new OptionReader(`${path}.${name}`, policy, reader.problems);
    own.rejectUnknown(['purposes', 'whenUnknown', 'withoutStorage']);
    const { purposes } = isObject(policy) ? policy : {};
    const isDecided = isObject(policy) && policy.whenUnknown !== undefined;
    policies[name] = {
      purposes: list(
        own,
        'purposes',
        purposes,
        oneOf(CONSENT_PURPOSES),
        CONSENT_PURPOSES.join(', '),
      ),
      whenUnknown: isDecided
        ? own.oneOf<WhenUnknown>('whenUnknown', ['send', 'withhold'], 'withhold')
        : undefined,
      withoutStorage: own.oneOf<WithoutStorage>(
        'withoutStorage',
        ['withhold', 'cookieless'],
        'withhold',
      ),
    };
  }
  return policies;
}

function resolveReaderSettings(reader: OptionReader, given: ConsentOptions): ConsentReaderSettings {
  const { readers = DEFAULT_CONSENT_READERS, vendorIds, oneTrustGroups } = given;
  const chosen = resolveReaders(reader, readers);
  // What is wrong with the list itself is told there.
  if (chosen !== undefined) {
    if (vendorIds !== undefined) noteUnread(reader, 'vendorIds', chosen, ['tcf', 'gpp']);
    if (oneTrustGroups !== undefined) noteUnread(reader, 'oneTrustGroups', chosen, ['onetrust']);
  }
  return {
    readers: chosen ?? DEFAULT_CONSENT_READERS,
    vendorIds: list(reader, 'vendorIds', vendorIds, isVendorId, 'vendor IDs such as 755'),
    oneTrustGroups: resolveGroups(reader, oneTrustGroups),
  };
}

/** Notes an option that asks more of a reader which is not there: nobody would ask it. */
function noteUnread(
  reader: OptionReader,
  option: 'vendorIds' | 'oneTrustGroups',
  chosen: readonly ConsentReader[],
  needed: readonly ConsentReader[],
): void {
  if (needed.some((name) => chosen.includes(name))) return;
  const message = `is read by ${needed.join(' and ')} alone: add ${needed.join(' or ')} to readers, or remove ${option}`;
  reader.note(option, message, 'conflict');
}

function resolveReaders(
  reader: OptionReader,
  readers: unknown,
): readonly ConsentReader[] | undefined {
  const known = CONSENT_READERS.join(', ');
  const chosen = list(reader, 'readers', readers, oneOf(CONSENT_READERS), known);
  if (chosen === undefined) return undefined;
  for (const { reader: name, packageName } of missingPeers(chosen)) {
    const message = `${name} needs the package "${packageName}", which is not installed. Run \`npm install ${packageName}\`.`;
    reader.note('readers', message, 'missing');
  }
  return chosen;
}

function resolveGroups(reader: OptionReader, groups: unknown): OneTrustGroups | undefined {
  if (groups === undefined) return undefined;
  const hint = `expected groups such as { C0004: ['adStorage'] }, each with some of ${MEANINGS.join(', ')}`;
  const isMeaning = oneOf(MEANINGS);
  if (
    isObject(groups) &&
    Object.values(groups).every((means) => Array.isArray(means) && means.every(isMeaning))
  )
    return groups as OneTrustGroups;
  reader.note('oneTrustGroups', hint);
  return undefined;
}

function resolveFunction(reader: OptionReader, resolve: unknown): ResolveConsent | undefined {
  if (resolve === undefined || typeof resolve === 'function')
    return resolve as ResolveConsent | undefined;
  reader.note('resolve', `expected a function that takes a request, got ${kindOf(resolve)}`);
  return undefined;
}

function list<Item>(
  reader: OptionReader,
  key: string,
  value: unknown,
  isItem: (item: unknown) => item is Item,
  hint: string,
): readonly Item[] | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every(isItem)) return value;
  reader.note(key, `expected an array of ${hint}`);
  return undefined;
}

function oneOf<Choice extends string>(choices: readonly Choice[]) {
  return (value: unknown): value is Choice => choices.some((choice) => choice === value);
}

function isRegion(value: unknown): value is string {
  const isShaped = typeof value === 'string' && /^[a-z]{2}(?:-[a-z0-9]{1,3})?$/i.test(value);
  return isShaped && countryOf(value) !== undefined;
}

function isVendorId(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
