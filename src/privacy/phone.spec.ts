import fc from 'fast-check';
import { getCountries, getCountryCallingCode } from 'libphonenumber-js/min';

import { isPlainE164 } from './calling-codes';
import { normalizePhone, parsePhone, tikTokPhone } from './phone';

describe('normalizePhone', () => {
  it.each([
    ['+1 (650) 555-1212', undefined, '+16505551212'],
    ['+44 (0)7911 123456', undefined, '+447911123456'],
    ['0044 7911 123456', undefined, '+447911123456'],
    ['07911 123456', 'GB', '+447911123456'],
    ['+44 07911 123456', undefined, '+447911123456'],
    ['+54 11 15 2345 6789', undefined, parsePhone('+54 11 15 2345 6789', undefined)],
    ['+1 650 555 1212 ext. 99', undefined, '+16505551212'],
    ['+49 30 901820', undefined, '+4930901820'],
    ['6505551212', undefined, undefined],
    ['+999 123 456 789', undefined, undefined],
    ['+', undefined, undefined],
  ])('reads %s', (text, country, e164) => {
    expect(normalizePhone(text, country)).toBe(e164);
  });

  it('gives the same as the parser for every number that it passes by', () => {
    const callingCode = fc.constantFrom(
      ...new Set(getCountries().map((country) => getCountryCallingCode(country))),
    );
    const national = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 4, maxLength: 13 });
    let passed = 0;
    fc.assert(
      fc.property(callingCode, national, (code, digits) => {
        const number = `+${code}${digits.join('')}`;
        if (!/^\+[1-9]\d{6,14}$/.test(number) || !isPlainE164(number)) return;
        passed += 1;
        expect(parsePhone(number, undefined)).toBe(number);
      }),
      { numRuns: 20_000, endOnFailure: true },
    );
    expect(passed).toBeGreaterThan(2_000);
  });
});

describe('tikTokPhone', () => {
  it.each([
    ['+8613800000000', '13800000000'],
    ['+85251234567', '+85251234567'],
    ['+886912345678', '+886912345678'],
  ])('%s is %s', (e164, hashed) => {
    expect(tikTokPhone(e164)).toBe(hashed);
  });
});
