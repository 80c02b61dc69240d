import { GppModel } from '@iabgpp/cmpapi';
import fc from 'fast-check';

import type { Consent } from '../events/consent';
import { readGpp } from './gpp';
import { gppSections } from './gpp-sections';

const TC = 'COvFyGBOvFyGBAbAAAENAPCAAOAAAAAAAAAAAEEUACCKAAA';

describe('readGpp', () => {
  it.each<[string, string, Consent]>([
    [
      'an opt-out of sale in California',
      gpp({ usca: { SaleOptOut: 1 } }),
      { saleOptOut: true, region: 'US-CA', source: 'gpp' },
    ],
    [
      'no opt-out',
      gpp({ usca: { SaleOptOut: 2, SharingOptOut: 2 } }),
      { saleOptOut: false, region: 'US-CA', source: 'gpp' },
    ],
    [
      'an opt-out of sharing',
      gpp({ usnat: { SaleOptOut: 2, SharingOptOut: 1 } }),
      { saleOptOut: true, region: 'US', source: 'gpp' },
    ],
    [
      'an opt-out of targeted advertising',
      gpp({ usva: { SaleOptOut: 2, TargetedAdvertisingOptOut: 1 } }),
      { saleOptOut: true, region: 'US-VA', source: 'gpp' },
    ],
    [
      "the browser's signal",
      gpp({ usco: { Gpc: true } }),
      { gpc: true, region: 'US-CO', source: 'gpp' },
    ],
    [
      'one opt-out among many sections',
      gpp({ usnat: { SaleOptOut: 2 }, usca: { SaleOptOut: 2 }, usri: { SaleOptOut: 1 } }),
      { saleOptOut: true, region: 'US', source: 'gpp' },
    ],
    [
      'the old string for the US',
      gpp({ uspv1: { OptOutSale: 'Y' } }),
      { saleOptOut: true, source: 'gpp' },
    ],
  ])('reads %s', (_what, text, consent) => {
    expect(readGpp(text)).toEqual(consent);
  });

  it('reads the section for the EU as a TC string, and takes no region from the others then', () => {
    expect(readGpp(`DBACNY~${TC}~1YYN`)).toEqual({
      adStorage: 'granted',
      adUserData: 'denied',
      adPersonalization: 'denied',
      saleOptOut: true,
      source: 'gpp',
      version: 'vendor-list-15',
      capturedAt: Date.UTC(2020, 1, 20, 23, 57, 39, 300),
    });
    expect(readGpp(`DBABMA~${TC}`, { vendorIds: [755] })).toMatchObject({ adStorage: 'denied' });
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['an empty text', ''],
    ['a header alone', 'DBAA'],
    ['a header without its section', 'DBABLA'],
    ['an empty section', 'DBABLA~'],
    ['a section that is none', 'DBABLA~B'],
    ['other letters', 'DBABLA~!!!!'],
    ['a section of an unknown number', 'DBABtA~BAAAAAA'],
    ['a section that does not apply', gpp({ usca: { SaleOptOut: 0 } })],
    ['a TC string', TC],
  ])('reads nothing from %s', (_what, text) => {
    expect(readGpp(text)).toBeUndefined();
  });

  it('is not led on by a header that names millions of sections', () => {
    const startedAt = performance.now();
    expect(
      readGpp('DBUPssPkBUKQS39vb3-d0gS_u61S9W1SLavR4ShWsKoGIf8bWbcyHp~BVVVV.QA~X'),
    ).toBeUndefined();
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  it('never throws, whatever a browser sends', () => {
    const letters = fc.string({
      unit: fc.constantFrom(...'ABCDEFxyz0189-_~.'.split('')),
      maxLength: 120,
    });
    fc.assert(
      fc.property(
        letters,
        fc.constantFrom('DB', 'DBABLA~', 'DBABMA~', 'DBABBg~'),
        (rest, start) => {
          expect(() => readGpp(start + rest)).not.toThrow();
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('gppSections', () => {
  it("reads every header that the IAB's package writes", () => {
    const names = [
      'uspv1',
      'usnat',
      'usca',
      'usva',
      'usco',
      'usut',
      'usct',
      'usfl',
      'usmt',
      'usor',
      'ustx',
      'usde',
      'usia',
      'usne',
      'usnh',
      'usnj',
      'ustn',
      'usmn',
      'usmd',
      'usin',
      'usky',
      'usri',
    ];
    fc.assert(
      fc.property(fc.subarray(names, { minLength: 1 }), (chosen) => {
        const model = new GppModel();
        for (const name of chosen)
          model.setFieldValue(
            name,
            name === 'uspv1' ? 'Notice' : 'SaleOptOut',
            name === 'uspv1' ? 'Y' : 1,
          );
        const text = model.encode();
        expect(gppSections(text)?.map(({ id }) => id)).toEqual(new GppModel(text).getSectionIds());
      }),
    );
  });
});

/** As a consent platform writes it: by the IAB's own encoder. */
function gpp(sections: Record<string, Record<string, unknown>>): string {
  const model = new GppModel();
  for (const [section, fields] of Object.entries(sections))
    for (const [field, value] of Object.entries(fields)) model.setFieldValue(section, field, value);
  return model.encode();
}
