import fc from 'fast-check';

import { CONSENT_PURPOSES, type Consent } from '../events/consent';
import { mergeConsent } from './merge-consent';

describe('mergeConsent', () => {
  it.each<[string, Consent | undefined, Consent | undefined, Consent]>([
    ['nothing and nothing', undefined, undefined, {}],
    ['the host alone', { adStorage: 'granted' }, undefined, { adStorage: 'granted' }],
    ['the request alone', undefined, { adStorage: 'denied' }, { adStorage: 'denied' }],
    [
      "the host's word before the request's",
      { adStorage: 'granted', adUserData: 'denied' },
      { adStorage: 'denied', adUserData: 'granted' },
      { adStorage: 'granted', adUserData: 'denied' },
    ],
    [
      'the request for what the host leaves open',
      { adStorage: 'unknown', region: 'DE', source: 'host' },
      {
        adStorage: 'denied',
        analyticsStorage: 'granted',
        region: 'FR',
        source: 'tcf',
        version: '7',
      },
      {
        adStorage: 'denied',
        analyticsStorage: 'granted',
        region: 'DE',
        source: 'host',
        version: '7',
      },
    ],
    [
      'a refusal that is later than the grant',
      { adStorage: 'granted', capturedAt: 1 },
      { adStorage: 'denied', capturedAt: 2 },
      { adStorage: 'denied', capturedAt: 1 },
    ],
    [
      'an older refusal',
      { adStorage: 'granted', capturedAt: 2 },
      { adStorage: 'denied', capturedAt: 1 },
      { adStorage: 'granted', capturedAt: 2 },
    ],
    [
      'a captured refusal of sale against a host without a date',
      { saleOptOut: false },
      { saleOptOut: true, capturedAt: 1 },
      { saleOptOut: true, capturedAt: 1 },
    ],
    [
      'a newer word of the host',
      { saleOptOut: false, capturedAt: 2 },
      { saleOptOut: true, capturedAt: 1 },
      { saleOptOut: false, capturedAt: 2 },
    ],
    [
      "the browser's signal, whatever the host says",
      { saleOptOut: false, capturedAt: 2 },
      { gpc: true, capturedAt: 1 },
      { saleOptOut: true, gpc: true, capturedAt: 2 },
    ],
    [
      'the date of the older grant',
      { analyticsStorage: 'granted', capturedAt: 2 },
      { adStorage: 'granted', capturedAt: 1 },
      { analyticsStorage: 'granted', adStorage: 'granted', capturedAt: 1 },
    ],
    [
      'no date for a grant that has none',
      { adStorage: 'granted' },
      { adStorage: 'denied', analyticsStorage: 'granted', capturedAt: 2 },
      { adStorage: 'granted', analyticsStorage: 'granted' },
    ],
    ["the host's refusal", { saleOptOut: true }, { saleOptOut: false }, { saleOptOut: true }],
  ])('keeps %s', (_what, explicit, captured, merged) => {
    expect(mergeConsent(explicit, captured)).toEqual(merged);
  });

  it('grants nothing that neither has granted, and nothing refused without the host granting it', () => {
    fc.assert(
      fc.property(consents(), consents(), (explicit, captured) => {
        const merged = mergeConsent(explicit, captured);
        const wrong = CONSENT_PURPOSES.filter((purpose) => {
          const [said, seen] = [explicit[purpose], captured[purpose]];
          const mayBeGranted = said === 'granted' || (said !== 'denied' && seen === 'granted');
          return merged[purpose] === 'granted' && !mayBeGranted;
        });
        expect(wrong).toEqual([]);
      }),
    );
  });

  it('loses no refusal of sale, unless a newer record of the host takes it back', () => {
    fc.assert(
      fc.property(consents(), consents(), (explicit, captured) => {
        const isGpc = explicit.gpc === true || captured.gpc === true;
        const isNewer = (explicit.capturedAt ?? -1) > (captured.capturedAt ?? Infinity);
        const isKept = captured.saleOptOut === true && !(explicit.saleOptOut === false && isNewer);
        const isRefused = isGpc || explicit.saleOptOut === true || isKept;
        expect(mergeConsent(explicit, captured).saleOptOut === true).toBe(isRefused);
      }),
    );
  });

  it('dates no grant later than it was given', () => {
    fc.assert(
      fc.property(consents(), consents(), (explicit, captured) => {
        const merged = mergeConsent(explicit, captured);
        const wrong = CONSENT_PURPOSES.filter((purpose) => {
          const { capturedAt } = explicit[purpose] === 'granted' ? explicit : captured;
          const isLater = (merged.capturedAt ?? -1) > (capturedAt ?? -1);
          return merged[purpose] === 'granted' && isLater;
        });
        expect(wrong).toEqual([]);
      }),
    );
  });

  it('changes nothing when it is merged again, and leaves both as they were', () => {
    fc.assert(
      fc.property(consents(), consents(), (explicit, captured) => {
        const before = JSON.stringify([explicit, captured]);
        const merged = mergeConsent(explicit, captured);
        expect(mergeConsent(merged, merged)).toEqual(merged);
        expect(JSON.stringify([explicit, captured])).toBe(before);
      }),
    );
  });
});

function consents(): fc.Arbitrary<Consent> {
  const state = fc.constantFrom('granted', 'denied', 'unknown');
  return fc.record(
    {
      adStorage: state,
      analyticsStorage: state,
      adUserData: state,
      adPersonalization: state,
      saleOptOut: fc.boolean(),
      gpc: fc.boolean(),
      region: fc.constantFrom('DE', 'US-CA'),
      source: fc.constantFrom('host', 'tcf'),
      capturedAt: fc.nat(3),
    },
    { requiredKeys: [] },
  );
}
