import type { Consent } from '../events/consent';
import {
  decideConsent,
  withPolicy,
  withPrivacySignals,
  type ConsentNeeds,
  type ConsentPolicy,
} from './consent-gate';

const ADS: ConsentNeeds = { name: 'ads', requiredConsent: ['adStorage', 'adUserData'] };
/** Like TikTok: can be told to leave personalisation out in one country alone. */
const US_ADS: ConsentNeeds = { ...ADS, limitsPersonalizationIn: ['US'] };
const ANALYTICS: ConsentNeeds = { name: 'stats', requiredConsent: ['analyticsStorage'] };
const GRANTED: Consent = { adStorage: 'granted', adUserData: 'granted' };

describe('decideConsent', () => {
  it.each<[string, Consent, ConsentPolicy, 'send' | 'withhold']>([
    ['sends with all purposes granted', GRANTED, {}, 'send'],
    ['withholds when one of them is denied', { ...GRANTED, adUserData: 'denied' }, {}, 'withhold'],
    [
      'withholds when one is denied, whatever the policy',
      { adStorage: 'denied' },
      { whenUnknown: 'send' },
      'withhold',
    ],
    [
      'ignores a purpose that is not asked for',
      { ...GRANTED, analyticsStorage: 'denied' },
      {},
      'send',
    ],
    ['sends what is unknown where nothing says otherwise', {}, {}, 'send'],
    ['withholds what is unknown in the EEA', { region: 'DE' }, {}, 'withhold'],
    ['withholds what is unknown in a part of the EEA', { region: 'DE-BY' }, {}, 'withhold'],
    ['sends what is unknown in the United States', { region: 'US-CA' }, {}, 'send'],
    ['sends with consent in the EEA', { ...GRANTED, region: 'FR' }, {}, 'send'],
    ['withholds what is unknown if told to', {}, { whenUnknown: 'withhold' }, 'withhold'],
    [
      'sends what is unknown in the EEA if told to',
      { region: 'DE' },
      { whenUnknown: 'send' },
      'send',
    ],
    ['withholds what is unknown overseas in the EEA', { region: 'RE' }, {}, 'withhold'],
    ['withholds in a region that nobody knows', { region: 'DEU-X' }, {}, 'withhold'],
    [
      'lets the host say where opt-in is the law',
      { region: 'BR' },
      { optInRegions: ['BR'] },
      'withhold',
    ],
    ['whole, and instead of its own list', { region: 'DE' }, { optInRegions: ['BR'] }, 'send'],
    ['or a part of a country', { region: 'CA-QC' }, { optInRegions: ['CA-QC'] }, 'withhold'],
    ['and no other part', { region: 'CA-ON' }, { optInRegions: ['CA-QC'] }, 'send'],
    [
      'but a country that may be that part',
      { region: 'CA' },
      { optInRegions: ['CA-QC'] },
      'withhold',
    ],
    ['takes the default region where none is named', {}, { defaultRegion: 'DE' }, 'withhold'],
    ['and only there', { region: 'US-TX' }, { defaultRegion: 'DE' }, 'send'],
    [
      'lets one destination differ',
      { region: 'DE' },
      { destinations: { ads: { whenUnknown: 'send' } } },
      'send',
    ],
    [
      'and no other',
      { region: 'DE' },
      { destinations: { other: { whenUnknown: 'send' } } },
      'withhold',
    ],
    [
      'lets a destination need more',
      GRANTED,
      {
        whenUnknown: 'withhold',
        destinations: { ads: { purposes: ['adStorage', 'adPersonalization'] } },
      },
      'withhold',
    ],
    [
      'or nothing at all',
      { adStorage: 'denied', adUserData: 'denied' },
      { destinations: { ads: { purposes: [] } } },
      'send',
    ],
    [
      'takes an unknown word for unknown',
      { adStorage: 'unknown', adUserData: 'granted', region: 'IT' },
      {},
      'withhold',
    ],
  ])('%s', (_rule, consent, policy, kind) => {
    expect(decideConsent(consent, ADS, policy).kind).toBe(kind);
  });

  it('names the purposes that were denied', () => {
    expect(decideConsent({ adStorage: 'denied', adUserData: 'denied' }, ADS, {})).toEqual({
      kind: 'withhold',
      reason: 'consent denied for adStorage, adUserData',
    });
  });
});

describe('decideConsent on personalisation', () => {
  const denied: Consent = { ...GRANTED, adPersonalization: 'denied' };

  it.each<[string, ConsentNeeds, Consent, ConsentPolicy, object]>([
    ['is limited by the platform', ADS, denied, {}, { kind: 'send', isLimited: true }],
    ['also where sale is refused', ADS, { saleOptOut: true }, {}, { isLimited: true }],
    [
      'also by the browser',
      ADS,
      { gpc: true },
      {},
      { isLimited: true, consent: { saleOptOut: true } },
    ],
    ['is not limited without a refusal', ADS, GRANTED, {}, { isLimited: false }],
    [
      'is limited where the platform can',
      US_ADS,
      { ...denied, region: 'US-CA' },
      {},
      { kind: 'send', isLimited: true },
    ],
    [
      'withholds where it cannot',
      US_ADS,
      { ...denied, region: 'JP' },
      {},
      { reason: 'consent denied for adPersonalization, which ads honours in US alone' },
    ],
    ['withholds where nobody knows the region', US_ADS, denied, {}, { kind: 'withhold' }],
    [
      'withholds an unknown one where unknown means no',
      US_ADS,
      { ...GRANTED, region: 'DE' },
      {},
      { reason: 'consent unknown for adPersonalization, which ads honours in US alone' },
    ],
    [
      'is left to the host that says what is needed',
      US_ADS,
      denied,
      { destinations: { ads: { purposes: ['adUserData'] } } },
      { kind: 'send', isLimited: true },
    ],
  ])('%s', (_rule, destination, consent, policy, decision) => {
    expect(decideConsent(consent, destination, policy)).toMatchObject(decision);
  });
});

describe('decideConsent without storage', () => {
  const cookieless: ConsentPolicy = {
    destinations: {
      ads: { withoutStorage: 'cookieless' },
      stats: { withoutStorage: 'cookieless' },
    },
  };

  it.each<[string, ConsentNeeds, Consent, ConsentPolicy, object]>([
    ['withholds by default', ANALYTICS, { analyticsStorage: 'denied' }, {}, { kind: 'withhold' }],
    [
      'goes cookieless if told to',
      ANALYTICS,
      { analyticsStorage: 'denied' },
      cookieless,
      { kind: 'send', isCookieless: true },
    ],
    [
      'also where unknown means no',
      ANALYTICS,
      { region: 'DE' },
      cookieless,
      { kind: 'send', isCookieless: true },
    ],
    ['keeps cookies where storage is granted', ADS, GRANTED, cookieless, { isCookieless: false }],
    ['or unknown may be sent', ANALYTICS, {}, cookieless, { isCookieless: false }],
    [
      'needs consent to user data all the same',
      ADS,
      { adStorage: 'denied', adUserData: 'denied' },
      cookieless,
      { reason: 'consent denied for adUserData' },
    ],
    [
      'has no use for what is not its own storage',
      ANALYTICS,
      { analyticsStorage: 'granted', adStorage: 'denied' },
      cookieless,
      { isCookieless: false },
    ],
    [
      'is cookieless, too, where the host does not need storage',
      ADS,
      { adStorage: 'denied', adUserData: 'granted' },
      { destinations: { ads: { purposes: ['adUserData'] } } },
      { kind: 'send', isCookieless: true },
    ],
  ])('%s', (_rule, destination, consent, policy, decision) => {
    expect(decideConsent(consent, destination, policy)).toMatchObject(decision);
  });
});

describe('withPolicy', () => {
  it('takes every unknown purpose for denied where unknown is withheld', () => {
    expect(withPolicy({ analyticsStorage: 'granted', region: 'DE' }, 'ads', {})).toEqual({
      adStorage: 'denied',
      analyticsStorage: 'granted',
      adUserData: 'denied',
      adPersonalization: 'denied',
      region: 'DE',
    });
  });

  it('leaves it unknown where unknown is sent', () => {
    const consent: Consent = { analyticsStorage: 'granted' };
    expect(withPolicy(consent, 'ads', {})).toBe(consent);
  });
});

describe('withPrivacySignals', () => {
  it.each<[string, Consent, boolean | undefined, boolean | undefined]>([
    ['the signal of the browser counts as opt-out', {}, true, true],
    ['the same from the consent record', { gpc: true }, undefined, true],
    ['a granted consent does not undo it', { ...GRANTED, saleOptOut: false }, true, true],
    ['no signal says nothing', {}, undefined, undefined],
  ])('%s', (_rule, consent, gpc, saleOptOut) => {
    expect(withPrivacySignals(consent, gpc).saleOptOut).toBe(saleOptOut);
  });
});
