import type { Problem } from './events/problem';
import { FakeClock } from './testing/fake-clock';
import { InvalidOptionsError } from './tracking.error';
import { resolveOptions } from './tracking.options';

const META = { pixelId: '1234567890123456', accessToken: 'EAAtokenexample' };
const TIKTOK = { pixelId: 'C0ABC', accessToken: 'tiktok-token-example' };
const GA4 = { measurementId: 'G-ABC1234567', apiSecret: 'ga4-secret-example' };
const GTM = { containerUrl: 'https://sgtm.example.com', measurementId: 'G-XYZ1234567' };
const TESTED = { meta: { ...META, testEventCode: 'TEST12345' } };

/** 2026-01-15T10:00:00Z. */
const clock = new FakeClock();

function resolve(options: object) {
  return resolveOptions({ clock, ...options });
}

function problemsOf(options: object): readonly Problem[] {
  try {
    resolve(options);
  } catch (error) {
    if (error instanceof InvalidOptionsError) return error.problems;
    throw error;
  }
  return [];
}

describe('a test mode in production', () => {
  it('stops the start with one problem per destination', () => {
    const problems = problemsOf({
      environment: 'production',
      ...TESTED,
      tiktok: { ...TIKTOK, testEventCode: 'TEST2' },
      ga4: { ...GA4, validate: true },
      serverGtm: { ...GTM, previewToken: 'preview-token-example' },
    });
    expect(problems.map(({ field, code }) => `${field} ${code}`)).toEqual([
      'meta.testEventCode conflict',
      'tiktok.testEventCode conflict',
      'ga4.validate conflict',
      'serverGtm.previewToken conflict',
    ]);
    expect(problems[0]?.message).toBe(
      'is set in production: test events count beside real ones. Remove it (META_TEST_EVENT_CODE), or set allowTestEventsUntil (TRACKING_ALLOW_TEST_EVENTS_UNTIL) to at most 7 days from now',
    );
    expect(JSON.stringify(problems)).not.toMatch(/TEST12345|TEST2|preview-token-example/);
  });

  it.each<[string, object]>([
    ['without a test mode', { meta: META, ga4: { ...GA4, debugMode: true } }],
    ['with an empty code', { meta: { ...META, testEventCode: ' ' } }],
    ['with a code of a destination that has no credentials', { meta: { testEventCode: 'TEST1' } }],
    [
      'with a permission that is over, and nothing that needs it',
      { meta: META, allowTestEventsUntil: '2020-01-01T00:00:00Z' },
    ],
  ])('starts %s', (_name, options) => {
    const resolved = resolve({ environment: 'production', ...options });
    expect(resolved.testEventsUntilMs).toBeUndefined();
  });

  it.each(['development', 'staging', 'test', undefined])('is no matter in %s', (environment) => {
    const allowTestEventsUntil = '2020-01-01T00:00:00Z';
    const resolved = resolve({ ...TESTED, environment, allowTestEventsUntil });
    expect(resolved.testEventsUntilMs).toBeUndefined();
  });

  it.each([' Production ', 'prod', 'PROD'])('stops the start in %p too', (environment) => {
    expect(problemsOf({ ...TESTED, environment })).toHaveLength(1);
  });

  it.each<[string, Date | string]>([
    ['a date', new Date('2026-01-16T18:00:00Z')],
    ['text', '2026-01-16T18:00:00Z'],
    ['text with an offset', '2026-01-16T20:00+02:00'],
  ])('starts where it is allowed until %s, and says until when', (_name, allowTestEventsUntil) => {
    const resolved = resolve({ ...TESTED, environment: 'production', allowTestEventsUntil });
    expect(resolved.testEventsUntilMs).toBe(Date.UTC(2026, 0, 16, 18));
    expect(resolved.warnings.join('\n')).toContain('until 2026-01-16T18:00:00.000Z');
  });

  it('is allowed for seven days and no longer', () => {
    const environment = 'production';
    const fieldsOf = (allowTestEventsUntil: string) =>
      problemsOf({ ...TESTED, environment, allowTestEventsUntil }).map(({ field }) => field);
    expect(fieldsOf('2026-01-22T10:00:00Z')).toEqual([]);
    expect(fieldsOf('2026-01-22T10:00:01Z')).toEqual(['allowTestEventsUntil']);
    expect(fieldsOf('2026-01-15T10:00:01Z')).toEqual([]);
    expect(fieldsOf('2026-01-15T10:00:00Z')).toEqual(['meta.testEventCode']);
  });

  it('says since when the permission is over', () => {
    const allowTestEventsUntil = '2026-01-14T10:00:00Z';
    const [problem] = problemsOf({ ...TESTED, environment: 'production', allowTestEventsUntil });
    expect(problem?.message).toContain('allowTestEventsUntil passed at 2026-01-14T10:00:00.000Z');
  });

  it.each<[string, unknown]>([
    ['without a zone', '2026-01-16T18:00:00'],
    ['without a time', '2026-01-16'],
    ['that is none', 'tomorrow'],
    ['that no calendar has', '2026-13-45T18:00:00Z'],
    ['as a number', 1768586400000],
    ['as an invalid date', new Date(NaN)],
  ])('refuses a moment %s, wherever it runs', (_name, allowTestEventsUntil) => {
    for (const environment of ['production', 'development']) {
      const problems = problemsOf({ ...TESTED, environment, allowTestEventsUntil });
      expect(problems.map(({ field }) => field)).toEqual(['allowTestEventsUntil']);
    }
  });

  it('refuses an environment that is no name', () => {
    expect(problemsOf({ environment: 5 }).map(({ field }) => field)).toEqual(['environment']);
  });
});
