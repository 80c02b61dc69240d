/** ISO 4217 codes that the runtime knows; upper case. */
const KNOWN_CURRENCIES = new Set(Intl.supportedValuesOf('currency'));

/** The code in upper case, or `undefined` for what is no currency. */
export function normalizeCurrency(code: string): string | undefined {
  const upper = code.toUpperCase();
  return KNOWN_CURRENCIES.has(upper) ? upper : undefined;
}
