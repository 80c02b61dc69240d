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
    [
      'a storage that is none',
      { storage: { outbox: 1, contexts: 1 } },
      ['storage.outbox', 'storage.contexts'],
    ],
    ['a delivery that is none', { delivery: 5 }, ['delivery']],
  ])('refuses %s', (_name, options, fields) => {
    expect(problemsOf(options)).toEqual(fields);
  });

  it('knows the default country by its aliases', () => {
    expect(resolveOptions({ privacy: { defaultCountry: 'UK' } }).defaultCountry).toBe('gb');
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
      'storage',
      'context.trustProxy',
      'consent.whenUnknown',
      'privacy.defaultCountry',
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
