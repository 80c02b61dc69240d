import { HttpService } from '@nestjs/axios';
import {
  ServerTrackingService,
  TrackingModule,
  type Consent,
  type ConsentOptions,
  type ConsentState,
} from 'nestjs-server-tracking';
import { PlatformStub, aContext, aPurchase, aUser } from 'nestjs-server-tracking/testing';

import { resolveConsentOptions } from '../src/consent.options';
import { CATALOG } from '../src/destinations/catalog';
import type { Destination } from '../src/destinations/destination';
import type { DestinationDefinition } from '../src/destinations/destination-definition';
import { OptionReader } from '../src/destinations/option-reader';
import { asDecided } from '../src/privacy/cookieless';
import { decideConsent } from '../src/privacy/consent-gate';
import { protectForTest } from '../src/testing/protect-for-test';
import { HttpTransport } from '../src/transport/http-transport';
import { openNodeHttp } from '../src/transport/lean-post';
import { startApp, type RunningApp } from './support/start-app';

/** What the law of a place is, written by hand; `meta` is its country and state in Meta's numbers. */
const REGIONS = {
  none: { region: undefined, isOptIn: false, isUs: false, meta: [0, 0] },
  DE: { region: 'DE', isOptIn: true, isUs: false, meta: [0, 0] },
  GB: { region: 'GB', isOptIn: true, isUs: false, meta: [0, 0] },
  CH: { region: 'CH', isOptIn: true, isUs: false, meta: [0, 0] },
  'US-CA': { region: 'US-CA', isOptIn: false, isUs: true, meta: [1, 1000] },
  'US-TX': { region: 'US-TX', isOptIn: false, isUs: true, meta: [1, 1005] },
  US: { region: 'US', isOptIn: false, isUs: true, meta: [0, 0] },
  BR: { region: 'BR', isOptIn: false, isUs: false, meta: [0, 0] },
  JP: { region: 'JP', isOptIn: false, isUs: false, meta: [0, 0] },
  misspelt: { region: 'Deutschlnad', isOptIn: true, isUs: false, meta: [0, 0] },
} as const;

const GRANTED: Consent = consentOf('G', 'G', 'G', 'G');
const RECORDS = {
  nothing: {},
  'all granted': GRANTED,
  'all denied': consentOf('D', 'D', 'D', 'D'),
  'adStorage denied': consentOf('D', 'G', 'G', 'G'),
  'analyticsStorage denied': consentOf('G', 'D', 'G', 'G'),
  'adUserData denied': consentOf('G', 'G', 'D', 'G'),
  'adPersonalization denied': consentOf('G', 'G', 'G', 'D'),
  'sale refused': { saleOptOut: true },
  gpc: { gpc: true },
  'granted, gpc': { ...GRANTED, gpc: true },
} satisfies Record<string, Consent>;

type RecordName = keyof typeof RECORDS;
type RegionName = keyof typeof REGIONS;
type Outcome = 'sent' | 'limited' | 'withheld' | 'cookieless' | 'limited, cookieless';
/** Meta, TikTok in the US, TikTok elsewhere, GA4, the container. */
type Row = readonly [Outcome, Outcome, Outcome, Outcome, Outcome];
type Table = Readonly<Record<RecordName, Row>>;

const YES: Row = ['sent', 'sent', 'sent', 'sent', 'sent'];
const NO: Row = ['withheld', 'withheld', 'withheld', 'withheld', 'withheld'];
const LIMITED: Row = ['limited', 'limited', 'limited', 'limited', 'limited'];

/** Where an unknown purpose may be used. */
const UNKNOWN_IS_YES: Table = {
  nothing: YES,
  'all granted': YES,
  'all denied': NO,
  'adStorage denied': ['withheld', 'withheld', 'withheld', 'sent', 'sent'],
  'analyticsStorage denied': ['sent', 'sent', 'sent', 'withheld', 'withheld'],
  'adUserData denied': ['withheld', 'withheld', 'withheld', 'sent', 'sent'],
  'adPersonalization denied': ['limited', 'limited', 'withheld', 'limited', 'limited'],
  'sale refused': LIMITED,
  gpc: LIMITED,
  'granted, gpc': LIMITED,
};

/** Where it may not: what says nothing of purposes goes nowhere. */
const UNKNOWN_IS_NO: Table = { ...UNKNOWN_IS_YES, nothing: NO, 'sale refused': NO, gpc: NO };

/** Where a refusal of storage alone does not withhold. */
const COOKIELESS_ROWS = {
  'all denied': ['withheld', 'withheld', 'withheld', 'limited, cookieless', 'limited, cookieless'],
  'adStorage denied': ['cookieless', 'cookieless', 'cookieless', 'sent', 'sent'],
  'analyticsStorage denied': ['sent', 'sent', 'sent', 'cookieless', 'cookieless'],
} as const;
const COOKIELESS_YES: Table = { ...UNKNOWN_IS_YES, ...COOKIELESS_ROWS };
const COOKIELESS_NO: Table = {
  ...UNKNOWN_IS_NO,
  ...COOKIELESS_ROWS,
  nothing: COOKIELESS_ROWS['all denied'],
  'sale refused': COOKIELESS_ROWS['all denied'],
  gpc: COOKIELESS_ROWS['all denied'],
};

const COOKIELESS = { withoutStorage: 'cookieless' } as const;
const POLICIES = {
  'by region': { options: {}, optIn: UNKNOWN_IS_NO, elsewhere: UNKNOWN_IS_YES },
  send: { options: { whenUnknown: 'send' }, optIn: UNKNOWN_IS_YES, elsewhere: UNKNOWN_IS_YES },
  withhold: {
    options: { whenUnknown: 'withhold' },
    optIn: UNKNOWN_IS_NO,
    elsewhere: UNKNOWN_IS_NO,
  },
  cookieless: {
    options: {
      destinations: {
        meta: COOKIELESS,
        tiktok: COOKIELESS,
        ga4: COOKIELESS,
        serverGtm: COOKIELESS,
      },
    },
    optIn: COOKIELESS_NO,
    elsewhere: COOKIELESS_YES,
  },
} as const satisfies Record<string, { options: ConsentOptions; optIn: Table; elsewhere: Table }>;

type PolicyName = keyof typeof POLICIES;
const DESTINATIONS = ['meta', 'tiktok', 'ga4', 'serverGtm'] as const;
type DestinationName = (typeof DESTINATIONS)[number];

const names = <Key extends string>(table: Readonly<Record<Key, unknown>>) =>
  Object.keys(table) as Key[];
const URL_WITH_CLICK = 'https://shop.example.com/thanks?utm_source=x&gclid=Cj0KCQexample';

/** A purchase of somebody with every identifier, in a browser with every cookie. */
function purchase(consent: Consent, regionName: RegionName) {
  return aPurchase({
    user: aUser(),
    context: aContext({ url: URL_WITH_CLICK }),
    consent: { ...consent, region: REGIONS[regionName].region },
  });
}

/** What the tables say of one event at one destination. */
function expected(
  policy: PolicyName,
  name: DestinationName,
  region: RegionName,
  record: RecordName,
) {
  const { isOptIn, isUs } = REGIONS[region];
  const table = POLICIES[policy][isOptIn ? 'optIn' : 'elsewhere'];
  const [meta, tiktokUs, tiktok, ga4, serverGtm] = table[record];
  const outcome = { meta, tiktok: isUs ? tiktokUs : tiktok, ga4, serverGtm }[name];
  if (outcome === 'withheld') return 'withheld';
  const isUnknownNo = table === UNKNOWN_IS_NO || table === COOKIELESS_NO;
  return expectedWire(name, region, RECORDS[record], outcome, isUnknownNo);
}

/** What the event then has to say of consent, and may carry, in the words of the platform. */
function expectedWire(
  name: DestinationName,
  region: RegionName,
  consent: Consent,
  outcome: Outcome,
  isUnknownNo: boolean,
): unknown {
  const isCookieless = outcome.endsWith('cookieless');
  const isSaleRefused = consent.saleOptOut === true || consent.gpc === true;
  const word = (state: ConsentState | undefined) => state ?? (isUnknownNo ? 'denied' : undefined);
  const personalization = isSaleRefused ? 'denied' : word(consent.adPersonalization);
  const hasClickIds = !isCookieless && word(consent.adStorage) !== 'denied';
  switch (name) {
    case 'meta':
      return {
        ldu: isSaleRefused ? ['LDU', ...REGIONS[region].meta] : undefined,
        optOut: word(consent.adPersonalization) === 'denied' ? true : undefined,
        cookies: hasClickIds ? 2 : 0,
        hasClickInUrl: hasClickIds,
      };
    case 'tiktok':
      return {
        limitedDataUse: outcome.startsWith('limited') ? true : undefined,
        cookies: hasClickIds ? 2 : 0,
        hasClickInUrl: hasClickIds,
      };
    default:
      return {
        consent: upperCase({
          ad_user_data: word(consent.adUserData),
          ad_personalization: personalization,
        }),
        isOwnClient: !isCookieless,
        hasUserId: !isCookieless,
        hasUserData: word(consent.adUserData) !== 'denied',
        hasClickInUrl: hasClickIds,
        ...(name === 'serverGtm' && {
          forTriggers: [
            word(consent.adStorage),
            word(consent.analyticsStorage),
            word(consent.adUserData),
            personalization,
          ],
          cookies: hasClickIds && word(consent.adUserData) !== 'denied' ? 5 : 0,
        }),
      };
  }
}

/** What is looked at in an event of any platform. */
interface AnyWire {
  readonly data_processing_options?: readonly string[];
  readonly data_processing_options_country?: number;
  readonly data_processing_options_state?: number;
  readonly opt_out?: boolean;
  readonly limited_data_use?: boolean;
  readonly user_data?: Readonly<Record<string, unknown>>;
  readonly user?: Readonly<Record<string, unknown>>;
  readonly consent?: unknown;
  readonly client_id?: string;
  readonly user_id?: string;
  readonly events?: readonly { readonly params: Readonly<Record<string, unknown>> }[];
}

/** The same, read from an event as the platform gets it. */
function readWire(name: DestinationName, body: unknown): unknown {
  const event = body as AnyWire;
  const hasClickInUrl = JSON.stringify(event).includes('gclid=');
  const present = (...values: unknown[]) => values.filter((value) => value !== undefined).length;
  switch (name) {
    case 'meta':
      return {
        ldu: event.data_processing_options && [
          ...event.data_processing_options,
          event.data_processing_options_country,
          event.data_processing_options_state,
        ],
        optOut: event.opt_out,
        cookies: present(event.user_data?.fbp, event.user_data?.fbc),
        hasClickInUrl,
      };
    case 'tiktok':
      return {
        limitedDataUse: event.limited_data_use,
        cookies: present(event.user?.ttp, event.user?.ttclid),
        hasClickInUrl,
      };
    default: {
      const params = event.events?.[0]?.params ?? {};
      return {
        consent: event.consent,
        isOwnClient: event.client_id === '1162820436.1749482504',
        hasUserId: event.user_id !== undefined,
        hasUserData: event.user_data !== undefined,
        hasClickInUrl,
        ...(name === 'serverGtm' && {
          forTriggers: [
            params.consent_ad_storage,
            params.consent_analytics_storage,
            params.consent_ad_user_data,
            params.consent_ad_personalization,
          ],
          cookies: present(params.fbp, params.fbc, params.ttp, params.ttclid, params.gclid),
        }),
      };
    }
  }
}

describe('consent', () => {
  const transport = new HttpTransport(new HttpService(), openNodeHttp(), false);
  const destinations = new Map<string, Destination>();

  beforeAll(async () => {
    const stub = await PlatformStub.start();
    const options = stub.options();
    await stub.close();
    for (const line of CATALOG) {
      const definition = line as unknown as DestinationDefinition<string, object, unknown>;
      const reader = new OptionReader(line.name, options[line.name], []);
      const tools = { transport, now: () => Date.UTC(2026, 0, 15, 10) };
      destinations.set(line.name, await definition.create(definition.resolve(reader), tools));
    }
  });

  afterAll(() => transport.close());

  /** One event on its way through the gate and the encoding of one destination. */
  function actual(
    policy: PolicyName,
    name: DestinationName,
    region: RegionName,
    record: RecordName,
  ) {
    const destination = destinations.get(name)!;
    const { options } = POLICIES[policy];
    const { consent } = resolveConsentOptions(new OptionReader('consent', options, []), options);
    const event = protectForTest({ name: 'purchase', ...purchase(RECORDS[record], region) });
    const decision = decideConsent(event.consent, destination, consent);
    if (decision.kind === 'withhold') return 'withheld';
    const encoding = destination.encode(asDecided(event, decision));
    if (encoding.kind !== 'encoded') return encoding;
    const { body, envelope } = encoding.wire;
    const parsed: unknown = JSON.parse(body);
    const visitor = envelope === '' ? undefined : (JSON.parse(envelope) as object);
    return readWire(name, visitor === undefined ? parsed : { ...visitor, events: [parsed] });
  }

  describe.each(names(POLICIES))('policy %s', (policy) => {
    describe.each(DESTINATIONS)('at %s', (name) => {
      it.each(names(REGIONS))('in %s', (region) => {
        const inAll = (what: typeof actual) =>
          Object.fromEntries(
            names(RECORDS).map((record) => [record, what(policy, name, region, record)]),
          );
        expect(inAll(actual)).toEqual(inAll(expected));
      });
    });
  });
});

describe.each(['by region', 'cookieless'] as const)('consent on the wire, policy %s', (policy) => {
  let stub: PlatformStub;
  let running: RunningApp;

  beforeAll(async () => {
    stub = await PlatformStub.start();
    running = await startApp('express', {
      imports: [
        TrackingModule.forRoot({
          ...stub.options(),
          consent: POLICIES[policy].options,
          delivery: { lingerMs: 0 },
          logger: { log: () => undefined, warn: () => undefined, error: () => undefined },
        }),
      ],
    });
  });

  afterAll(async () => {
    await running.app.close();
    await stub.close();
  });

  it.each(['none', 'DE', 'US-CA'] as const)('in %s', async (region) => {
    const tracking = running.app.get(ServerTrackingService);
    const arrived: Record<string, unknown> = {};
    const wanted: Record<string, unknown> = {};
    for (const record of names(RECORDS)) {
      stub.reset();
      await tracking.trackPurchase(purchase(RECORDS[record], region), { until: 'settled' });
      for (const name of DESTINATIONS) {
        const [request] = stub.requestsTo(name);
        const json = request?.json as { data?: unknown[] } | undefined;
        const body = json?.data?.[0] ?? json;
        arrived[`${record}, ${name}`] = body === undefined ? 'withheld' : readWire(name, body);
        wanted[`${record}, ${name}`] = expected(policy, name, region, record);
      }
    }
    expect(arrived).toEqual(wanted);
  });
});

type Letter = 'G' | 'D';

function consentOf(adStorage: Letter, analyticsStorage: Letter, adUserData: Letter, last: Letter) {
  const state = (letter: Letter): ConsentState => (letter === 'G' ? 'granted' : 'denied');
  return {
    adStorage: state(adStorage),
    analyticsStorage: state(analyticsStorage),
    adUserData: state(adUserData),
    adPersonalization: state(last),
  };
}

/** `undefined` where nothing is known. */
function upperCase(words: Record<string, string | undefined>) {
  const known = Object.entries(words).flatMap(([key, word]) =>
    word === undefined ? [] : [[key, word.toUpperCase()] as const],
  );
  return known.length === 0 ? undefined : Object.fromEntries(known);
}
