import { Segment, SegmentEncoder, TCModel } from '@iabtcf/core';
import fc from 'fast-check';

import { readTcf } from './tcf';

/** The example of the specification: purposes 1, 2 and 3, vendors 2, 6 and 8. */
const EXAMPLE = 'COvFyGBOvFyGBAbAAAENAPCAAOAAAAAAAAAAAEEUACCKAAA';

describe('readTcf', () => {
  it('reads the example of the specification', () => {
    expect(readTcf(EXAMPLE)).toEqual({
      adStorage: 'granted',
      adUserData: 'denied',
      adPersonalization: 'denied',
      source: 'tcf',
      version: 'vendor-list-15',
      capturedAt: Date.UTC(2020, 1, 20, 23, 57, 39, 300),
    });
  });

  it.each<[string, readonly number[], Record<string, string>]>([
    ['nothing', [], { adStorage: 'denied', adUserData: 'denied', adPersonalization: 'denied' }],
    ['storage alone', [1], { adStorage: 'granted', adUserData: 'denied' }],
    ['measurement without storage', [7], { adStorage: 'denied', adUserData: 'denied' }],
    ['storage and measurement', [1, 7], { adUserData: 'granted', adPersonalization: 'denied' }],
    ['a profile without its use', [1, 3], { adPersonalization: 'denied' }],
    ['a profile and its use', [1, 3, 4], { adPersonalization: 'granted' }],
  ])('maps %s', (_what, purposes, states) => {
    expect(readTcf(tcString(purposes))).toMatchObject(states);
  });

  it('says nothing of analytics, for which the framework has no purpose', () => {
    expect(readTcf(tcString([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]))).not.toHaveProperty(
      'analyticsStorage',
    );
  });

  it.each<[string, string, readonly number[], string]>([
    ['named in the bit field', EXAMPLE, [2, 8], 'granted'],
    ['not named in it', EXAMPLE, [2, 3], 'denied'],
    ['behind its end', EXAMPLE, [755], 'denied'],
    ['named alone among many', tcString([1, 7], [755]), [755], 'granted'],
    ['within a range', tcString([1, 7], range(100, 1_500)), [100, 755, 1_500], 'granted'],
    ['beside a range', tcString([1, 7], range(100, 1_500)), [99, 755], 'denied'],
  ])('wants consent for a vendor %s', (_what, text, vendorIds, adStorage) => {
    expect(readTcf(text, { vendorIds })).toMatchObject({ adStorage });
  });

  it('reads the core of a string with more segments', () => {
    expect(
      readTcf(`${EXAMPLE}.IFoEUQQgAIQwgIwQABAEAAAAOIAACAIAAAAQAIAgEAACEAAAAAgAQBAAAAAAAGBA`),
    ).toEqual(readTcf(EXAMPLE));
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no text', 7],
    ['an empty text', ''],
    ['a cut-off string', EXAMPLE.slice(0, 38)],
    ['a list of vendors that is cut off', tcString([1], range(2, 900, 2)).slice(0, 60)],
    ['a string of version 1', `B${EXAMPLE.slice(1)}`],
    ['other letters', `${EXAMPLE.slice(0, 40)}!!!!`],
    ['an endless text', EXAMPLE.padEnd(5_000, 'A')],
  ])('reads nothing from %s', (_what, text) => {
    expect(readTcf(text, { vendorIds: [2] })).toBeUndefined();
  });

  it('never throws, whatever a browser sends', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), noise()), (text) => {
        expect(() => readTcf(text, { vendorIds: [755] })).not.toThrow();
      }),
    );
  });

  it('pays nothing for vendor ranges without end', () => {
    const head = EXAMPLE.slice(0, 35);
    const ranges = `${head}A${'_'.repeat(4_000)}`;
    const startedAt = performance.now();
    readTcf(ranges, { vendorIds: [755] });
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });
});

function noise() {
  return fc
    .array(fc.constantFrom(...'ABCDwxyz0189-_.'.split('')), { maxLength: 300 })
    .map((letters) => EXAMPLE.slice(0, 36) + letters.join(''));
}

/** As a consent platform writes it: by the IAB's own encoder. */
function tcString(purposes: readonly number[], vendors: readonly number[] = []): string {
  const model = new TCModel();
  model.cmpId = 31;
  model.cmpVersion = 1;
  model.consentScreen = 1;
  model.consentLanguage = 'EN';
  model.vendorListVersion = 126;
  model.policyVersion = 4;
  model.purposeConsents.set([...purposes]);
  model.vendorConsents.set([...vendors]);
  return SegmentEncoder.encode(model, Segment.CORE);
}

function range(from: number, to: number, step = 1): number[] {
  return Array.from(
    { length: Math.floor((to - from) / step) + 1 },
    (_unused, i) => from + i * step,
  );
}
