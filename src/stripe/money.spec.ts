import { money } from './money';
import { StripeObject } from './stripe-object';

/** By hand from https://docs.stripe.com/currencies; everything else has two decimals, ISK and UGX too. */
const ZERO = 'BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' ');
const THREE = 'BHD JOD KWD OMR TND'.split(' ');
const ALL = [...new Set([...Intl.supportedValuesOf('currency'), ...ZERO, ...THREE])];

describe('money', () => {
  it('is tried with every currency that there is', () => {
    expect(ALL.length).toBeGreaterThan(160);
  });

  it.each(ALL)('of %s is exact', (code) => {
    const decimals = ZERO.includes(code) ? 0 : THREE.includes(code) ? 3 : 2;
    const object = StripeObject.of({ currency: code.toLowerCase() });
    for (const amount of [1, 29, 110, 4990, 12_340, 99_999_999]) {
      const digits = String(amount).padStart(decimals + 1, '0');
      const point = digits.length - decimals;
      const value = Number(`${digits.slice(0, point)}.${digits.slice(point)}0`);
      expect(money(object, amount)).toEqual({ value, currency: code });
    }
  });
});
