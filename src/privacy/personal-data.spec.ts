import { cleanPageUrl } from './page-url';
import { holdsCardNumber, holdsEmail, holdsJwt, looksPersonal } from './personal-data';

describe('looksPersonal', () => {
  it.each([
    'jane@example.com',
    'to jane@example.co.uk now',
    'jane%40example.com',
    'a=jane@example.com',
    '+1 650 555 1212',
    '0044 7911 123456',
  ])('finds %s', (text) => {
    expect(looksPersonal(text)).toBe(true);
  });

  it.each([
    '',
    '@',
    'a@b',
    '@example.com',
    'jane@',
    'a @ b.c',
    '%40%40',
    '5 @ 3.50',
    'user_123',
    '12345678',
  ])('lets %j pass', (text) => {
    expect(looksPersonal(text)).toBe(false);
  });

  it.each([
    ['encoded at signs', '%40'.repeat(100_000)],
    ['at signs', '@'.repeat(100_000)],
    ['an endless host name', `a@${'b'.repeat(100_000)}`],
    ['names and at signs', 'a@b'.repeat(50_000)],
    ['dots', `a@${'.b'.repeat(50_000)}`],
    ['digits', `+${'1 '.repeat(50_000)}x`],
    ['long numbers', '4111 '.repeat(50_000)],
    ['beginnings of tokens', 'eyJ'.repeat(50_000)],
    ['beginnings of tokens in words', ' eyJaaaaaaaa.'.repeat(10_000)],
  ])('takes no longer than the text for %s', (_name, text) => {
    // Quadratic work on so long a text would take minutes and fail by the time limit.
    holdsEmail(text);
    looksPersonal(text);
    holdsCardNumber(text);
    holdsJwt(text);
    expect(() => cleanPageUrl(`https://shop.example.com/?q=${text}`)).not.toThrow();
  });
});

describe('holdsCardNumber', () => {
  it.each([
    ['Visa', '4111111111111111'],
    ['Visa in groups', 'card 4111 1111 1111 1111, thanks'],
    ['Visa with hyphens', '4012-8888-8888-1881'],
    ['Mastercard', '5555555555554444'],
    ['Mastercard of the second range', '2223003122003222'],
    ['American Express', '378282246310005'],
    ['Diners', '30569309025904'],
    ['Discover', '6011111111111117'],
    ['JCB', '3530111333300000'],
    ['UnionPay', '6200000000000005'],
  ])('finds %s', (_scheme, text) => {
    expect(holdsCardNumber(text)).toBe(true);
  });

  it.each([
    ['a wrong check digit', '4111111111111112'],
    ['a time in milliseconds', '1749482504123'],
    ['an ad ID', '120330000000000008'],
    ['a client ID of Google', '1162820436.1749482504'],
    ['digits in a longer number', '41111111111111110000000'],
    ['a decimal fraction', '0.4111111111111111'],
    ['an article number', '4006381333931'],
    ['an order with a prefix', 'A4111111111111112'],
  ])('lets %s pass', (_name, text) => {
    expect(holdsCardNumber(text)).toBe(false);
  });
});

describe('holdsJwt', () => {
  const JWT =
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U';

  it.each([JWT, `Bearer ${JWT}`, `id_token=${JWT}`])('finds %s', (text) => {
    expect(holdsJwt(text)).toBe(true);
  });

  it.each(['eyJhbGciOiJIUzI1NiJ9', 'a.b.c', 'heyJude.something.long', 'eyJ.eyJ.eyJ'])(
    'lets %s pass',
    (text) => {
      expect(holdsJwt(text)).toBe(false);
    },
  );
});
