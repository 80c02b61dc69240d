import fc from 'fast-check';

import { cleanPageUrl } from './page-url';
import { holdsEmail } from './personal-data';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP';
const HEX = '9f86d081884c7d659a2feaa0c55ad015';

describe('cleanPageUrl', () => {
  it.each([
    ['a plain page', 'https://shop.example.com/thanks', 'https://shop.example.com/thanks'],
    [
      'click IDs and utm parameters, byte for byte',
      'https://a.example/?fbclid=IwAR0abcDEF_-&utm_source=x&ttclid=E.C.P.a',
      'https://a.example/?fbclid=IwAR0abcDEF_-&utm_source=x&ttclid=E.C.P.a',
    ],
    ['no fragment', 'https://a.example/p#access_token=1', 'https://a.example/p'],
    ['no credentials', 'https://user:pw@a.example/p', 'https://a.example/p'],
    [
      'no secrets',
      'https://a.example/reset?token=abc&step=2&password=x',
      'https://a.example/reset?step=2',
    ],
    [
      'no e-mail in the query',
      'https://a.example/?q=jane@example.com&p=1',
      'https://a.example/?p=1',
    ],
    ['no encoded e-mail', 'https://a.example/?q=jane%40example.com', 'https://a.example/'],
    ['no phone', 'https://a.example/?q=%2B1%20650%20555%201212', 'https://a.example/'],
    ['no e-mail in the path', 'https://a.example/u/jane@example.com', 'https://a.example/'],
    [
      'no e-mail that is encoded twice',
      'https://a.example/?u=jane%2540example.com',
      'https://a.example/',
    ],
    ['no e-mail for a key', 'https://a.example/?jane@example.com', 'https://a.example/'],
    [
      'no e-mail even in a campaign',
      'https://a.example/?utm_term=jane@example.com',
      'https://a.example/',
    ],
    [
      'no phone whose plus is not encoded',
      'https://a.example/?q=+16505551212',
      'https://a.example/',
    ],
    [
      'no phone in the path',
      'https://a.example/u/+16505551212/x',
      'https://a.example/u/redacted/x',
    ],
    ['no card number', 'https://a.example/?n=4111-1111-1111-1111', 'https://a.example/'],
    [
      'no card number in the path',
      'https://a.example/n/4111111111111111',
      'https://a.example/n/redacted',
    ],
    ['no token in the query', `https://a.example/?t=${JWT}&u=${HEX}&p=1`, 'https://a.example/?p=1'],
    ['no token in the path', `https://a.example/in/${JWT}`, 'https://a.example/in/redacted'],
    [
      'no long hex in the path',
      `https://a.example/checkouts/${HEX}/pay`,
      'https://a.example/checkouts/redacted/pay',
    ],
    [
      'no secret behind a word that announces one',
      'https://a.example/reset-password/Zk3xQ9_vT5mLw2Yc',
      'https://a.example/reset-password/redacted',
    ],
    [
      'no UUID behind such a word',
      'https://a.example/invite/550e8400-e29b-41d4-a716-446655440000',
      'https://a.example/invite/redacted',
    ],
    [
      'a UUID elsewhere',
      'https://a.example/p/550e8400-e29b-41d4-a716-446655440000',
      'https://a.example/p/550e8400-e29b-41d4-a716-446655440000',
    ],
    [
      'words behind such a word',
      'https://a.example/invitations/Floral-Invitation-Card-2026',
      'https://a.example/invitations/Floral-Invitation-Card-2026',
    ],
    [
      'order numbers',
      'https://a.example/orders/1749482504123?order=100045678901',
      'https://a.example/orders/1749482504123?order=100045678901',
    ],
    [
      'click IDs that look like tokens',
      `https://a.example/?msclkid=${HEX}&gclid=${JWT}`,
      `https://a.example/?msclkid=${HEX}&gclid=${JWT}`,
    ],
  ])('keeps %s', (_rule, url, cleaned) => {
    expect(cleanPageUrl(url)).toBe(cleaned);
  });

  it.each([
    'user_phone=1',
    'user[email]=x',
    'customer_name=x',
    'jwt=x',
    '_token=x',
    'access_token=x',
    'first_name=x',
    'code=x',
    'sid=x',
  ])('drops the query %s', (pair) => {
    expect(cleanPageUrl(`https://a.example/?${pair}&page=2`)).toBe('https://a.example/?page=2');
  });

  it.each([
    'utm_source=email',
    'utm_name=x',
    'fbclid=x',
    'ttclid=x',
    'gclid=x',
    'gad_source=1',
    'product=mug',
    'estate=1',
    'keyword=x',
  ])('keeps the query %s', (pair) => {
    expect(cleanPageUrl(`https://a.example/?${pair}`)).toBe(`https://a.example/?${pair}`);
  });

  it.each(['javascript:alert(1)', 'not a url', 'ftp://a.example/', '//a.example'])(
    'drops %s',
    (url) => {
      expect(cleanPageUrl(url)).toBeUndefined();
    },
  );

  it('drops what the host names, in any case, and no more', () => {
    const options = { stripQueryParams: new Set(['member', 'gclid']) };
    expect(cleanPageUrl('https://a.example/?Member=7&members=8&gclid=x&page=2', options)).toBe(
      'https://a.example/?members=8&page=2',
    );
  });
});

/** Pieces of which real URLs are made, good and bad, and any text between them. */
const piece = fc.oneof(
  fc.constantFrom(
    ...[
      'jane@example.com',
      'jane%40example.com',
      'jane%2540example.com',
      '%',
      '%40',
      '+',
      '//',
      '..',
    ],
    ...[
      'reset',
      'token',
      'order',
      '+16505551212',
      '4111111111111111',
      JWT,
      HEX,
      'redacted',
      'ü',
      '%C3',
    ],
  ),
  fc.webFragments(),
  fc.stringMatching(/^[\w.~@%+;:-]{0,12}$/),
);
const key = fc.oneof(
  fc.constantFrom('q', 'token', 'utm_source', 'gclid', 'jane@example.com', ''),
  piece,
);
const url = fc
  .record({
    path: fc.array(piece, { maxLength: 4 }),
    query: fc.array(fc.tuple(key, piece), { maxLength: 4 }),
    fragment: fc.option(piece),
  })
  .map(({ path, query, fragment }) => {
    const search = query.map(([name, value]) => `${name}=${value}`).join('&');
    const hash = fragment === null ? '' : `#${fragment}`;
    return `https://shop.example.com/${path.join('/')}${search === '' ? '' : `?${search}`}${hash}`;
  });

describe('cleanPageUrl of any URL', () => {
  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(url, (text) => {
        const once = cleanPageUrl(text) ?? 'https://shop.example.com/';
        expect(cleanPageUrl(once)).toBe(once);
      }),
      { numRuns: 2_000 },
    );
  });

  it('leaves no e-mail address', () => {
    fc.assert(
      fc.property(url, (text) => {
        const cleaned = cleanPageUrl(text) ?? '';
        expect(holdsEmail(cleaned) || holdsEmail(decoded(cleaned))).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  it('leaves click IDs and campaigns as they are', () => {
    const click = fc.tuple(
      fc.constantFrom('gclid', 'fbclid', 'ttclid', 'msclkid', 'utm_source', 'ScCid', 'gad_source'),
      fc.oneof(fc.stringMatching(/^[\w.~-]{1,40}$/), fc.constantFrom(HEX, JWT)),
    );
    fc.assert(
      fc.property(url, click, (text, [name, value]) => {
        const [page, fragment = ''] = text.split(/(?=#)/);
        const joined = `${page}${page?.includes('?') === true ? '&' : '?'}${name}=${value}${fragment}`;
        expect(cleanPageUrl(joined)).toMatch(
          new RegExp(`[?&]${name}=${value.replaceAll('.', '\\.')}(?:&|$)`),
        );
      }),
      { numRuns: 2_000 },
    );
  });
});

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
