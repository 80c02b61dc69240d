import { fromMinorUnits, minorUnitDecimals } from './minor-units';

describe('fromMinorUnits', () => {
  it.each([
    [4990, 'eur', 49.9],
    [500, 'jpy', 500],
    [12340, 'kwd', 12.34],
    [50000, 'isk', 500],
    [1999, 'huf', 19.99],
    [100, 'ugx', 1],
    [0, 'usd', 0],
    [1, 'usd', 0.01],
    [29, 'usd', 0.29],
    [1234567, 'BHD', 1234.567],
    [-250, 'usd', -2.5],
  ])('%d %s is %d', (amount, currency, value) => {
    expect(fromMinorUnits(amount, currency)).toBe(value);
  });

  it.each(Intl.supportedValuesOf('currency'))('prints every amount of %s exactly', (currency) => {
    const decimals = minorUnitDecimals(currency);
    for (const amount of [1, 7, 99, 101, 12_345, 99_999_999]) {
      const digits = String(amount).padStart(decimals + 1, '0');
      const text =
        decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
      expect(fromMinorUnits(amount, currency)).toBe(Number(text));
    }
  });

  it.each([1.5, NaN, Infinity])('refuses %d', (amount) => {
    expect(() => fromMinorUnits(amount, 'eur')).toThrow(RangeError);
  });
});
