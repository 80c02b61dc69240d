import { retryAfterMs, type HttpAnswer } from './http-answer';
import { printableUrl } from './redaction';

const NOW = Date.UTC(2026, 0, 15, 10);

function withHeader(value: string | undefined): HttpAnswer {
  return { kind: 'answered', status: 429, headers: { 'retry-after': value }, json: undefined };
}

describe('retryAfterMs', () => {
  it.each([
    ['120', 120_000],
    [' 5 ', 5_000],
    ['0', 0],
    ['Thu, 15 Jan 2026 10:01:00 GMT', 60_000],
    ['Thu, 15 Jan 2026 09:00:00 GMT', undefined],
    ['-5', undefined],
    ['1e12', undefined],
    ['1.5', undefined],
    ['abc', undefined],
    ['', undefined],
    [undefined, undefined],
    ['999999999999999', 999_999_999_999_999_000],
  ])('%j is %s', (value, wait) => {
    expect(retryAfterMs(withHeader(value), NOW)).toBe(wait);
  });
});

describe('printableUrl', () => {
  it('has no query and no credentials', () => {
    expect(printableUrl('https://u:p@a.example/mp/collect?api_secret=s3cret')).toBe(
      'https://a.example/mp/collect',
    );
    expect(printableUrl('nonsense s3cret')).toBe('[not a URL]');
  });
});
