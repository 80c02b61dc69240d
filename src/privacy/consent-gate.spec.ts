import type { Consent, ConsentPurpose } from '../events/consent';
import { decideConsent, withPolicy, withPrivacySignals, type ConsentPolicy } from './consent-gate';

const ADS: readonly ConsentPurpose[] = ['adStorage', 'adUserData'];
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

describe('withPolicy', () => {
  it('takes every unknown purpose for denied where unknown is withheld', () => {
    expect(withPolicy({ analyticsStorage: 'granted', region: 'DE' }, {})).toEqual({
      adStorage: 'denied',
      analyticsStorage: 'granted',
      adUserData: 'denied',
      adPersonalization: 'denied',
      region: 'DE',
    });
  });

  it('leaves it unknown where unknown is sent', () => {
    const consent: Consent = { analyticsStorage: 'granted' };
    expect(withPolicy(consent, {})).toBe(consent);
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
