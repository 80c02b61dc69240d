import { cleanPageUrl } from './page-url';
import { holdsEmail, looksPersonal } from './personal-data';

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
  ])('takes no longer than the text for %s', (_name, text) => {
    // Quadratic work on so long a text would take minutes and fail by the time limit.
    holdsEmail(text);
    looksPersonal(text);
    expect(() => cleanPageUrl(`https://shop.example.com/?q=${text}`)).not.toThrow();
  });
});
