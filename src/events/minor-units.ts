const ZERO_DECIMAL = new Set(
  'BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '),
);
const THREE_DECIMAL = new Set('BHD JOD KWD OMR TND'.split(' '));

/**
 * How many decimals the minor unit of a currency has at Stripe. This is not ISO 4217: ISK and UGX
 * have no minor unit, yet Stripe counts them in hundredths.
 *
 * @see https://docs.stripe.com/currencies#zero-decimal
 */
export function minorUnitDecimals(currency: string): 0 | 2 | 3 {
  const code = currency.toUpperCase();
  if (ZERO_DECIMAL.has(code)) return 0;
  return THREE_DECIMAL.has(code) ? 3 : 2;
}

/**
 * Turns an amount in minor units, as Stripe gives it, into the major units that every `value` here is
 * in: `fromMinorUnits(4990, 'eur')` is 49.9, `fromMinorUnits(500, 'jpy')` is 500.
 *
 * @param amount a whole number; may be negative.
 * @throws RangeError if `amount` is no whole number.
 */
export function fromMinorUnits(amount: number, currency: string): number {
  if (!Number.isSafeInteger(amount)) {
    throw new RangeError('fromMinorUnits: expected a whole number of minor units');
  }
  // Dividing by a power of ten gives the double nearest to the decimal: exact when printed.
  return amount / 10 ** minorUnitDecimals(currency);
}
