import { readUsp } from './usp';

describe('readUsp', () => {
  it.each<[string, unknown, boolean | undefined]>([
    ['1YYN', '1YYN', true],
    ['1YNN', '1YNN', false],
    ['1NYN, an opt-out without notice', '1NYN', true],
    ['small letters', '1yyn', true],
    ['1---, where the law does not apply', '1---', undefined],
    ['1Y-N, which does not say', '1Y-N', undefined],
    ['another version', '2YYN', undefined],
    ['three characters', '1YY', undefined],
    ['five characters', '1YYNN', undefined],
    ['an empty text', '', undefined],
    ['no text', ['1YYN'], undefined],
    ['half an escape', '1YYN%', undefined],
  ])('%s', (_what, text, saleOptOut) => {
    expect(readUsp(text)).toEqual(
      saleOptOut === undefined ? undefined : { saleOptOut, source: 'usp' },
    );
  });
});
