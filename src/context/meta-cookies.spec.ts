import { chooseFbc, chooseFbp, metaCookiePayload } from './meta-cookies';

const NOW = 1_760_000_000_000;

describe('metaCookiePayload', () => {
  it.each([
    ['fb.1.1554763741205.AbCdEfGh', 'AbCdEfGh'],
    ['fb.1.1554763741205.AbCdEfGh.AQQCAQIB', 'AbCdEfGh'],
    ['fb.2.1554763741205.AbCdEfGh.Bg', 'AbCdEfGh'],
    ['fb.1.1759990000000.1098115397', '1098115397'],
  ])('reads %s', (cookie, payload) => {
    expect(metaCookiePayload(cookie)).toBe(payload);
  });

  it.each([
    'fb.x.1.A',
    'fb.1.123',
    'fb.1.123.',
    'fb.1.abc.A',
    'xx.1.123.A',
    'fb.1.123.A.toolongappendix',
    'fb.1.123.A.ZZ',
    'fb.1.123.A.AQQCAQIB.more',
    '',
    'fb',
    '....',
    `fb.1.1.${'A'.repeat(5_000)}`,
  ])('refuses %s', (cookie) => {
    expect(metaCookiePayload(cookie)).toBeUndefined();
  });
});

describe('chooseFbc', () => {
  it.each<[string, string | undefined, string | undefined, string | undefined]>([
    [
      'builds one from a click without a cookie',
      undefined,
      'IwAR0abcDEF',
      'fb.1.1760000000000.IwAR0abcDEF',
    ],
    [
      'keeps the case and all characters of the click',
      undefined,
      'IwAR_-aBc.D~',
      'fb.1.1760000000000.IwAR_-aBc.D~',
    ],
    [
      'keeps the cookie of the same click',
      'fb.1.1554763741205.AbCdEfGh',
      'AbCdEfGh',
      'fb.1.1554763741205.AbCdEfGh',
    ],
    [
      'keeps it whole, with a fifth segment',
      'fb.1.1554763741205.AbCdEfGh.AQQCAQIB',
      'AbCdEfGh',
      'fb.1.1554763741205.AbCdEfGh.AQQCAQIB',
    ],
    [
      'replaces the cookie of an older click',
      'fb.1.1554763741205.AbCdEfGh',
      'NewClick',
      'fb.1.1760000000000.NewClick',
    ],
    [
      'takes a click that differs in case for another',
      'fb.1.1554763741205.AbCdEfGh',
      'abcdefgh',
      'fb.1.1760000000000.abcdefgh',
    ],
    [
      'keeps the cookie where the URL has no click',
      'fb.1.1554763741205.AbCdEfGh',
      undefined,
      'fb.1.1554763741205.AbCdEfGh',
    ],
    [
      'takes an empty click for none',
      'fb.1.1554763741205.AbCdEfGh',
      '',
      'fb.1.1554763741205.AbCdEfGh',
    ],
    ['replaces a cookie that is none', 'fb.x.1.A', 'NewClick', 'fb.1.1760000000000.NewClick'],
    ['never makes one without a click', 'fb.x.1.A', undefined, undefined],
    ['has none without anything', undefined, undefined, undefined],
  ])('%s', (_rule, cookie, fbclid, fbc) => {
    expect(chooseFbc(cookie, fbclid, NOW)).toBe(fbc);
  });
});

describe('chooseFbp', () => {
  it('keeps a valid cookie whole and drops any other', () => {
    expect(chooseFbp('fb.1.1759990000000.1098115397.AQQCAQIB')).toBe(
      'fb.1.1759990000000.1098115397.AQQCAQIB',
    );
    expect(chooseFbp('fb.1.x.1')).toBeUndefined();
    expect(chooseFbp(undefined)).toBeUndefined();
  });
});
