import { InvalidOptionsError } from './tracking.error';
import { resolveOptions, type TrackingModuleOptions } from './tracking.options';

const DAY_MS = 24 * 3_600_000;

function resolve(visitor: unknown) {
  return resolveOptions({ context: { visitor } } as TrackingModuleOptions).visitor;
}

function problemsOf(visitor: unknown): string[] {
  try {
    resolve(visitor);
  } catch (error) {
    if (error instanceof InvalidOptionsError) return error.problems.map(({ field }) => field);
    throw error;
  }
  return [];
}

describe('context.visitor', () => {
  it('is off unless it is asked for', () => {
    expect([resolve(undefined), resolve(false)]).toEqual([undefined, undefined]);
  });

  it.each([true, {}])('%j means every default', (visitor) => {
    expect(resolve(visitor)).toEqual({
      cookieName: 'visitor_id',
      sessionCookieName: 'visitor_session',
      ttlMs: 400 * DAY_MS,
      sessionIdleMs: 30 * 60_000,
      platformCookies: true,
      domain: 'auto',
      sameSite: 'lax',
      secure: 'auto',
    });
  });

  it('takes what is set', () => {
    const visitor = {
      cookieName: 'vid',
      sessionCookieName: 'vsid',
      ttlMs: 30 * DAY_MS,
      sessionIdleMs: 60_000,
      platformCookies: false,
      domain: 'Example.com',
      sameSite: 'none',
    };
    expect(resolve(visitor)).toEqual({ ...visitor, domain: 'example.com', secure: true });
  });

  it.each<[string, unknown, string[]]>([
    ['text', 'yes', ['context.visitor']],
    ['an option that is none', { name: 'x' }, ['context.visitor.name']],
    ['a name with a space', { cookieName: 'my id' }, ['context.visitor.cookieName']],
    ['a name for one host', { cookieName: '__Host-id' }, ['context.visitor.cookieName']],
    [
      'a name for https',
      { sessionCookieName: '__secure-s' },
      ['context.visitor.sessionCookieName'],
    ],
    ['the name of a pixel’s cookie', { cookieName: '_fbp' }, ['context.visitor.cookieName']],
    [
      'the name of a consent cookie',
      { cookieName: 'OptanonConsent' },
      ['context.visitor.cookieName'],
    ],
    [
      'one name for both',
      { cookieName: 'v', sessionCookieName: 'v' },
      ['context.visitor.sessionCookieName'],
    ],
    ['more than 400 days', { ttlMs: 401 * DAY_MS }, ['context.visitor.ttlMs']],
    ['a session of a second', { sessionIdleMs: 1_000 }, ['context.visitor.sessionIdleMs']],
    ['a domain of one label', { domain: 'localhost' }, ['context.visitor.domain']],
    ['a domain with a dot before it', { domain: '.example.com' }, ['context.visitor.domain']],
    ['a domain with an attribute', { domain: 'a.com; Secure' }, ['context.visitor.domain']],
    ['another sameSite', { sameSite: 'Lax' }, ['context.visitor.sameSite']],
    ['another secure', { secure: 'always' }, ['context.visitor.secure']],
    ['insecure for other sites', { sameSite: 'none', secure: false }, ['context.visitor.secure']],
  ])('refuses %s', (_what, visitor, fields) => {
    expect(problemsOf(visitor)).toEqual(fields);
  });
});
