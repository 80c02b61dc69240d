import fc from 'fast-check';

import { readCookiebot } from './cookiebot';

const COOKIE =
  "{stamp:'zjy0mDYVs+zmGbDVfvOuDxX5/Q==',necessary:true,preferences:false,statistics:true,marketing:false,method:'explicit',ver:1,utc:1700000000000,region:'de'}";

describe('readCookiebot', () => {
  it('reads what the person answered', () => {
    expect(readCookiebot(COOKIE)).toEqual({
      adStorage: 'denied',
      analyticsStorage: 'granted',
      adUserData: 'denied',
      adPersonalization: 'denied',
      region: 'DE',
      source: 'cookiebot',
      version: '1',
      capturedAt: 1_700_000_000_000,
    });
  });

  it('reads the same from a cookie that was not decoded yet', () => {
    expect(readCookiebot(encodeURIComponent(COOKIE))).toEqual(readCookiebot(COOKIE));
  });

  it('takes what was not chosen for no consent, but for a refusal', () => {
    expect(readCookiebot(COOKIE.replace('explicit', 'implied'))).toMatchObject({
      adStorage: 'denied',
      analyticsStorage: 'unknown',
    });
  });

  it.each<[string, string | undefined]>([
    ['gb', 'GB'],
    ['us-06', 'US-CA'],
    ['us-48', 'US'],
    ['us-tx', 'US-TX'],
    ['', undefined],
    ['somewhere', undefined],
  ])('reads the region %s', (text, region) => {
    expect(readCookiebot(COOKIE.replace("'de'", `'${text}'`))?.region).toBe(region);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no text', true],
    ['no answer yet', '0'],
    ['nobody being asked', '-1'],
    ['an object without answers', "{stamp:'x'}"],
    ['an answer that is neither', COOKIE.replace('marketing:false', 'marketing:maybe')],
    ['an answer twice', COOKIE.replace('marketing:false', 'marketing:false,marketing:true')],
    ['code', '{statistics:true,marketing:alert(1)}'],
    ['a cut-off cookie', COOKIE.slice(0, -1)],
    ['an endless text', COOKIE.replace('zjy0', 'z'.repeat(5_000))],
  ])('reads nothing from %s', (_what, text) => {
    expect(readCookiebot(text)).toBeUndefined();
  });

  it('never throws, whatever a browser sends', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...`{}:,'"truefals%2019`.split('')) }),
        (text) => {
          expect(() => readCookiebot(`{${text}}`)).not.toThrow();
        },
      ),
    );
  });
});
