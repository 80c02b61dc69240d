import { cleanPageUrl } from './page-url';

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
});
