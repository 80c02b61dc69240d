import { optionsFromEnv } from './tracking.env';
import { InvalidOptionsError } from './tracking.error';
import { resolveOptions, type TrackingModuleOptions } from './tracking.options';

const META = { pixelId: '1234567890123456', accessToken: 'EAAtokenexample' };

function problemsOf(options: unknown): string[] {
  try {
    resolveOptions(options as TrackingModuleOptions);
  } catch (error) {
    if (error instanceof InvalidOptionsError) return error.problems.map(({ field }) => field);
    throw error;
  }
  return [];
}

describe('resolveOptions', () => {
  it('enables the destinations that have their credentials, and no other', () => {
    const { destinations } = resolveOptions({ meta: META, tiktok: undefined });
    expect(destinations.map(({ definition }) => definition.name)).toEqual(['meta']);
  });

  it('takes no options at all for nothing enabled', () => {
    expect(resolveOptions().destinations).toEqual([]);
  });

  it('says which storage it is that needs a key', () => {
    expect(() => resolveOptions({ storage: 'redis://user:secret@host' })).toThrow(
      'encryptionKey: is missing: storage is redis: (TRACKING_STORAGE_URL, else REDIS_URL)',
    );
  });

  it('takes null for what is not set', () => {
    const options = { audit: null, context: { visitor: null }, delivery: null, meta: null };
    expect(resolveOptions(options as unknown as TrackingModuleOptions)).toMatchObject({
      destinations: [],
      visitor: undefined,
      audit: undefined,
    });
    expect(resolveOptions(null as unknown as TrackingModuleOptions).destinations).toEqual([]);
  });

  it('takes empty credentials for none', () => {
    expect(resolveOptions({ meta: { pixelId: '', accessToken: '  ' } }).destinations).toEqual([]);
  });

  it.each<[string, object, string[]]>([
    ['hops as text', { context: { trustProxy: '1' } }, ['context.trustProxy']],
    ['negative hops', { context: { trustProxy: -1 } }, ['context.trustProxy']],
    ['hops that are no number', { context: { trustProxy: NaN } }, ['context.trustProxy']],
    [
      'a default country that is none',
      { privacy: { defaultCountry: 'XX' } },
      ['privacy.defaultCountry'],
    ],
    ['a clock that is none', { clock: {} }, ['clock']],
    ['an HTTP service that is none', { httpService: {} }, ['httpService']],
    ['a transport that is none', { transport: 'fetch' }, ['transport']],
    [
      'undici beside an HTTP service',
      { transport: 'undici', httpService: { axiosRef: { request: () => undefined } } },
      ['transport'],
    ],
    ['a storage that lasts without a key', { storage: 'file:./tracking.db' }, ['encryptionKey']],
    ['a key that is none', { encryptionKey: 'too short' }, ['encryptionKey']],
    [
      'a storage that is none',
      { storage: { outbox: 1, records: 1 } },
      ['storage.outbox', 'storage.records'],
    ],
    ['a delivery that is none', { delivery: 5 }, ['delivery']],
    ['a list of accounts', { meta: [META], tiktok: [] }, ['meta', 'tiktok']],
    ['a date for a group', { privacy: new Date() }, ['privacy']],
    ['text for all of them', 'meta' as unknown as object, ['options']],
  ])('refuses %s', (_name, options, fields) => {
    expect(problemsOf(options)).toEqual(fields);
  });

  it('knows the default country by its aliases', () => {
    expect(resolveOptions({ privacy: { defaultCountry: 'UK' } }).privacy.defaultCountry).toBe('gb');
  });

  it('tells all problems at once', () => {
    const options = {
      meta: { pixelId: 'px_123', accessToken: 'has spaces', apiVersion: '25' },
      tiktok: { pixelId: 'C0' },
      ga4: { apiSecret: 's', region: 'mars' },
      serverGtm: { containerUrl: 'sgtm.example.com', measurementId: 'UA-1' },
      storage: 'mysql://x',
      delivery: { lingerMs: -1, meta: { timeoutMs: 0, lingerMS: 1 } },
      context: { trustProxy: 'not-an-ip' },
      consent: { whenUnknown: 'maybe' },
      privacy: { defaultCountry: 'Germany' },
      mta: {},
    };
    expect(problemsOf(options)).toEqual([
      'mta',
      'meta.pixelId',
      'meta.accessToken',
      'meta.apiVersion',
      'delivery.meta.lingerMS',
      'delivery.meta.timeoutMs',
      'delivery.lingerMs',
      'tiktok.accessToken',
      'ga4.measurementId',
      'ga4.region',
      'serverGtm.containerUrl',
      'serverGtm.measurementId',
      'privacy.defaultCountry',
      'storage',
      'context.trustProxy',
      'consent.whenUnknown',
    ]);
  });

  it.each<[string, object, string]>([
    ['meta', { pixelId: '1' }, 'META_CONVERSIONS_API_ACCESS_TOKEN'],
    ['meta', { accessToken: 't' }, 'META_PIXEL_ID'],
    ['tiktok', { pixelId: 'C0' }, 'TIKTOK_EVENTS_API_ACCESS_TOKEN'],
    ['ga4', { measurementId: 'G-A' }, 'GA4_API_SECRET'],
    ['serverGtm', { containerUrl: 'https://a.example' }, 'GTM_MEASUREMENT_ID'],
  ])('names the missing half of the credentials of %s', (name, options, variable) => {
    expect(() => resolveOptions({ [name]: options })).toThrow(variable);
  });

  it('shows no secret in its error', () => {
    let message = '';
    try {
      resolveOptions({ meta: { pixelId: 'x', accessToken: 'EAA secret token' } });
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain('meta.accessToken: expected a token without spaces');
    expect(message).not.toContain('secret token');
  });

  it('warns where GA4 would count twice', () => {
    const { warnings } = resolveOptions({
      ga4: { measurementId: 'G-A1', apiSecret: 's' },
      serverGtm: { containerUrl: 'https://sgtm.example.com', measurementId: 'G-A1' },
    });
    expect(warnings).toEqual([expect.stringContaining('twice')]);
  });

  it('warns of test event codes', () => {
    expect(resolveOptions({ meta: { ...META, testEventCode: 'TEST1' } }).warnings).toEqual([
      expect.stringContaining('META_TEST_EVENT_CODE'),
    ]);
  });

  it('lets the most particular lane setting win', () => {
    const { destinations } = resolveOptions({
      meta: META,
      tiktok: { pixelId: 'C0', accessToken: 't' },
      delivery: { timeoutMs: 5_000, tiktok: { timeoutMs: 7_000, maxBatchEvents: 50 } },
    });
    expect(destinations.map(({ lane }) => lane.timeoutMs)).toEqual([5_000, 7_000]);
    expect(destinations.map(({ lane }) => lane.maxBatchEvents)).toEqual([Infinity, 50]);
  });
});

describe('the options of consent', () => {
  it('have defaults that need no package', () => {
    const { consent, consentReaders, resolveConsent } = resolveOptions();
    expect(consent).toEqual({});
    expect(consentReaders).toEqual({ readers: ['usp', 'onetrust', 'cookiebot'] });
    expect(resolveConsent).toBeUndefined();
  });

  it('are taken as they are', () => {
    const resolve = () => undefined;
    const resolved = resolveOptions({
      consent: {
        whenUnknown: 'withhold',
        optInRegions: ['DE', 'CA-QC'],
        defaultRegion: 'de',
        destinations: { meta: { purposes: ['adUserData'], withoutStorage: 'cookieless' }, ga4: {} },
        readers: ['tcf', 'gpp', 'onetrust'],
        vendorIds: [755],
        oneTrustGroups: { C0004: ['adStorage', 'sale'] },
        resolve,
      },
    });
    expect(resolved.consent).toEqual({
      whenUnknown: 'withhold',
      optInRegions: ['DE', 'CA-QC'],
      defaultRegion: 'de',
      destinations: {
        meta: { purposes: ['adUserData'], withoutStorage: 'cookieless' },
        ga4: { withoutStorage: 'withhold' },
      },
    });
    expect(resolved.consentReaders).toEqual({
      readers: ['tcf', 'gpp', 'onetrust'],
      vendorIds: [755],
      oneTrustGroups: { C0004: ['adStorage', 'sale'] },
    });
    expect(resolved.resolveConsent).toBe(resolve);
  });

  it.each<[string, unknown, string[]]>([
    ['no object', 'yes', ['consent']],
    ['a misspelt option', { whenUnknwon: 'send' }, ['consent.whenUnknwon']],
    ['regions as text', { optInRegions: 'DE' }, ['consent.optInRegions']],
    ['a region that is none', { optInRegions: ['DE', 'Europe'] }, ['consent.optInRegions']],
    ['a country that is none', { defaultRegion: 'XX' }, ['consent.defaultRegion']],
    ['a default region that is no text', { defaultRegion: 49 }, ['consent.defaultRegion']],
    ['an unknown destination', { destinations: { mta: {} } }, ['consent.destinations.mta']],
    ['destinations that are no object', { destinations: 1 }, ['consent.destinations']],
    [
      'a destination that is no object',
      { destinations: { meta: 'send' } },
      ['consent.destinations.meta'],
    ],
    [
      'everything wrong with a destination',
      {
        destinations: {
          ga4: { purpose: [], purposes: ['ads'], whenUnknown: 'by-region', withoutStorage: true },
        },
      },
      [
        'consent.destinations.ga4.purpose',
        'consent.destinations.ga4.purposes',
        'consent.destinations.ga4.whenUnknown',
        'consent.destinations.ga4.withoutStorage',
      ],
    ],
    ['a reader that is none', { readers: ['didomi'] }, ['consent.readers']],
    ['vendor IDs that are none', { readers: ['gpp'], vendorIds: ['755'] }, ['consent.vendorIds']],
    [
      'groups that mean nothing known',
      { oneTrustGroups: { C1: ['ads'] } },
      ['consent.oneTrustGroups'],
    ],
    ['vendor IDs that nobody reads', { vendorIds: [755] }, ['consent.vendorIds']],
    [
      'all that nobody reads',
      { readers: ['usp'], vendorIds: [755], oneTrustGroups: { C0004: ['adStorage'] } },
      ['consent.vendorIds', 'consent.oneTrustGroups'],
    ],
    ['a resolver that is no function', { resolve: {} }, ['consent.resolve']],
  ])('refuse %s', (_what, consent, fields) => {
    expect(problemsOf({ consent })).toEqual(fields);
  });

  it('name the package that a reader lacks', () => {
    jest.doMock('@iabtcf/core', () => {
      throw new Error('Cannot find module');
    });
    expect(() => resolveOptions({ consent: { readers: ['tcf', 'usp'] } })).toThrow(
      'consent.readers: tcf needs the package "@iabtcf/core"',
    );
    jest.dontMock('@iabtcf/core');
  });
});

describe('privacy', () => {
  const TIKTOK = { pixelId: 'C0', accessToken: 't' };
  const GA4 = { measurementId: 'G-A1', apiSecret: 's' };
  const GTM = { containerUrl: 'https://sgtm.example.com', measurementId: 'G-A2' };

  it('skips bots, and holds nothing else back, where nothing is set', () => {
    const { privacy } = resolveOptions({ meta: META });
    expect(privacy).toMatchObject({ bots: 'skip', rules: new Map(), warnings: [] });
    expect([...privacy.stripQueryParams]).toEqual([]);
  });

  it('takes what is set for one destination before what is set for all', () => {
    const { privacy } = resolveOptions({
      meta: META,
      ga4: GA4,
      privacy: {
        stripQueryParams: ['Member_ID'],
        all: { fields: ['email'], ip: 'none', url: 'path' },
        destinations: { ga4: { ip: 'anonymized', url: 'full', properties: ['plan'] } },
      },
    });
    expect([...privacy.stripQueryParams]).toEqual(['member_id']);
    expect(privacy.rules.get('meta')).toEqual({
      userData: new Set(['email', 'emailGoogle']),
      ip: 'none',
      url: 'path',
    });
    expect(privacy.rules.get('ga4')).toEqual({
      userData: new Set(['email', 'emailGoogle']),
      ip: 'anonymized',
      properties: new Set(['plan']),
    });
  });

  it('sends no IP to a platform that a cut one would harm, and warns of it', () => {
    const { privacy, warnings } = resolveOptions({
      meta: META,
      tiktok: undefined,
      ga4: GA4,
      privacy: { all: { ip: 'anonymized' } },
    });
    expect(privacy.rules.get('meta')).toEqual({ ip: 'none' });
    expect(privacy.rules.get('ga4')).toEqual({ ip: 'anonymized' });
    expect(warnings).toEqual([expect.stringMatching(/^meta gets no IP/)]);
  });

  it('tells everything that is wrong with it', () => {
    const privacy = {
      region: 'us',
      bots: 'maybe',
      euHosts: ['https://sgtm.example.com'],
      stripQueryParams: 'member_id',
      all: { fields: ['mail'], ip: 'half', userAgent: 'no', links: false },
      destinations: { meta: { url: 'query', properties: [7] }, mta: {} },
    };
    expect(problemsOf({ privacy })).toEqual([
      'privacy.stripQueryParams',
      'privacy.bots',
      'privacy.region',
      'privacy.euHosts',
      'privacy.all.links',
      'privacy.all.fields',
      'privacy.all.ip',
      'privacy.all.userAgent',
      'privacy.destinations.mta',
      'privacy.destinations.meta.url',
      'privacy.destinations.meta.properties',
    ]);
  });

  it.each<[string, TrackingModuleOptions, string[]]>([
    ['lets GA4 in the EU pass', { ga4: { ...GA4, region: 'eu' } }, []],
    ['refuses GA4 elsewhere', { ga4: GA4 }, ['ga4']],
    [
      'refuses Meta and TikTok, which have no such place',
      { meta: META, tiktok: TIKTOK },
      ['meta', 'tiktok'],
    ],
    ['refuses a container of which nobody knows', { serverGtm: GTM }, ['serverGtm']],
    ['ignores what is disabled', {}, []],
    [
      'does not take a gateway for granted',
      { meta: { ...META, baseUrl: 'https://capi.example.com' } },
      ['meta'],
    ],
  ])('in the EU: %s', (_rule, options, fields) => {
    expect(problemsOf({ ...options, privacy: { region: 'eu' } })).toEqual(fields);
    expect(problemsOf(options)).toEqual([]);
  });

  it('in the EU: takes the host at its word for servers that it names', () => {
    const options = {
      meta: { ...META, baseUrl: 'https://capi.example.com' },
      serverGtm: GTM,
      privacy: { region: 'eu', euHosts: ['SGTM.example.com', 'capi.example.com'] },
    } as const;
    expect(problemsOf(options)).toEqual([]);
  });

  it('in the EU: says how to get there, and how to vouch', () => {
    const options = { ga4: GA4, privacy: { region: 'eu' } } as const;
    expect(() => resolveOptions(options)).toThrow(/set ga4\.region to 'eu'.*privacy\.euHosts/s);
  });
});

describe('optionsFromEnv', () => {
  it('reads every variable of the table', () => {
    const env = {
      META_PIXEL_ID: '1',
      META_CONVERSIONS_API_ACCESS_TOKEN: 'mt',
      META_TEST_EVENT_CODE: 'TEST1',
      META_APP_SECRET: 'ms',
      META_BASE_URL: 'http://127.0.0.1:1',
      TIKTOK_PIXEL_ID: 'C0',
      TIKTOK_EVENTS_API_ACCESS_TOKEN: 'tt',
      TIKTOK_TEST_EVENT_CODE: 'TEST2',
      TIKTOK_BASE_URL: 'http://127.0.0.1:2',
      GA4_MEASUREMENT_ID: 'G-A',
      GA4_API_SECRET: 'gs',
      GA4_REGION: 'eu',
      GA4_BASE_URL: 'http://127.0.0.1:3',
      GTM_SERVER_CONTAINER_URL: 'https://sgtm.example.com',
      GTM_MEASUREMENT_ID: 'G-B',
      GTM_API_SECRET: 'gts',
      TRACKING_STORAGE_URL: 'memory:',
      REDIS_URL: 'redis://127.0.0.1',
      TRACKING_TRANSPORT: 'undici',
      NODE_ENV: 'production',
      TRACKING_ALLOW_TEST_EVENTS_UNTIL: '2026-01-16T18:00:00Z',
    };
    expect(optionsFromEnv(env)).toEqual({
      meta: {
        pixelId: '1',
        accessToken: 'mt',
        testEventCode: 'TEST1',
        appSecret: 'ms',
        baseUrl: 'http://127.0.0.1:1',
      },
      tiktok: {
        pixelId: 'C0',
        accessToken: 'tt',
        testEventCode: 'TEST2',
        baseUrl: 'http://127.0.0.1:2',
      },
      ga4: { measurementId: 'G-A', apiSecret: 'gs', region: 'eu', baseUrl: 'http://127.0.0.1:3' },
      serverGtm: {
        containerUrl: 'https://sgtm.example.com',
        measurementId: 'G-B',
        apiSecret: 'gts',
      },
      storage: 'memory:',
      transport: 'undici',
      environment: 'production',
      allowTestEventsUntil: '2026-01-16T18:00:00Z',
    });
  });

  it('falls back on REDIS_URL for the storage', () => {
    expect(optionsFromEnv({ REDIS_URL: 'redis://127.0.0.1' }).storage).toBe('redis://127.0.0.1');
  });

  it('takes empty variables for none, and numbers of a validating ConfigModule for text', () => {
    expect(optionsFromEnv({ META_PIXEL_ID: '', GA4_REGION: ' ' })).toEqual({});
    expect(
      optionsFromEnv((name) => (name === 'META_PIXEL_ID' ? (123 as unknown as string) : undefined)),
    ).toEqual({ meta: { pixelId: '123' } });
  });

  it('leaves GA4_REGION alone without credentials', () => {
    expect(
      resolveOptions(optionsFromEnv({ GA4_REGION: 'eu', META_TEST_EVENT_CODE: 'TEST1' }))
        .destinations,
    ).toEqual([]);
  });
});
