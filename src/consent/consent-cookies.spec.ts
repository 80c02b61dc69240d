import { readConsentCookies, type ConsentReaderSettings, type Cookies } from './consent-cookies';
import { DEFAULT_CONSENT_READERS, CONSENT_READERS } from './consent-reader';
import { missingPeers } from './peers';

const DEFAULT: ConsentReaderSettings = { readers: DEFAULT_CONSENT_READERS };
const ALL: ConsentReaderSettings = { readers: CONSENT_READERS };

const TCF: Cookies = { 'euconsent-v2': 'COvFyGBOvFyGBAbAAAENAPCAAOAAAAAAAAAAAEEUACCKAAA' };
const COOKIEBOT: Cookies = {
  CookieConsent:
    "{necessary:true,statistics:true,marketing:true,method:'explicit',utc:1700000000000,region:'de'}",
};
const ONETRUST: Cookies = {
  OptanonConsent: 'groups=C0001:1,C0002:1,C0004:0&geolocation=FR;',
  OptanonAlertBoxClosed: '2025-01-14T09:20:30.000Z',
};

describe('readConsentCookies', () => {
  it('says nothing where nothing speaks of consent', () => {
    expect(readConsentCookies({ _ga: 'GA1.1.1.2' }, false, ALL)).toBeUndefined();
  });

  it.each<[string, Cookies, string]>([
    ['OneTrust', ONETRUST, 'onetrust'],
    ['Cookiebot', COOKIEBOT, 'cookiebot'],
    ['USP', { usprivacy: '1YYN' }, 'usp'],
  ])('believes %s by default', (_who, cookies, source) => {
    expect(readConsentCookies(cookies, false, DEFAULT)?.source).toBe(source);
  });

  it.each<[string, Cookies, string]>([
    ['a TC string', TCF, 'tcf'],
    ['a GPP string', { __gpp: 'DBABTA~1YYN' }, 'gpp'],
    ["OneTrust's GPP string", { OTGPPConsent: 'DBABTA~1YYN' }, 'gpp'],
  ])('reads %s only if told to, because it needs a package', (_what, cookies, source) => {
    expect(readConsentCookies(cookies, false, DEFAULT)).toBeUndefined();
    expect(readConsentCookies(cookies, false, ALL)?.source).toBe(source);
  });

  it('takes Sec-GPC, whichever readers run', () => {
    expect(readConsentCookies({}, true, { readers: [] })).toEqual({ gpc: true, source: 'gpc' });
    expect(readConsentCookies(COOKIEBOT, true, DEFAULT)).toMatchObject({
      adStorage: 'granted',
      gpc: true,
      source: 'cookiebot+gpc',
    });
  });

  it('lets a no beat a yes, and the more trusted name place and version', () => {
    expect(readConsentCookies({ ...COOKIEBOT, ...ONETRUST }, false, DEFAULT)).toEqual({
      adStorage: 'denied',
      analyticsStorage: 'granted',
      adUserData: 'denied',
      adPersonalization: 'denied',
      region: 'FR',
      source: 'onetrust+cookiebot',
      capturedAt: Date.parse('2025-01-14T09:20:30.000Z'),
    });
    expect(readConsentCookies({ ...COOKIEBOT, ...TCF }, false, ALL)).toMatchObject({
      adStorage: 'granted',
      adUserData: 'denied',
    });
  });

  it('keeps an opt-out of sale that one of two has', () => {
    const cookies = { __gpp: 'DBABTA~1YNN', usprivacy: '1YYN' };
    expect(readConsentCookies(cookies, false, ALL)).toMatchObject({ saleOptOut: true });
  });
});

describe('missingPeers', () => {
  it('finds nothing missing where the packages are there', () => {
    expect(missingPeers(CONSENT_READERS)).toEqual([]);
  });

  it('names the packages that are not', () => {
    jest.isolateModules(() => {
      const fail = (): never => {
        throw new Error('Cannot find module');
      };
      jest.doMock('@iabtcf/core', fail);
      jest.doMock('@iabgpp/cmpapi', fail);
      expect(missingPeers(['tcf', 'onetrust', 'gpp'])).toEqual([
        { reader: 'tcf', packageName: '@iabtcf/core' },
        { reader: 'gpp', packageName: '@iabgpp/cmpapi' },
      ]);
      expect(readConsentCookies(TCF, false, ALL)).toBeUndefined();
      jest.dontMock('@iabtcf/core');
      jest.dontMock('@iabgpp/cmpapi');
    });
  });
});
