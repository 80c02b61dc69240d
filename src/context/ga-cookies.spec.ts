import { readGaClientId, readGaSessionId } from './ga-cookies';

describe('readGaClientId', () => {
  it.each([
    ['GA1.1.1162820436.1749482504', '1162820436.1749482504'],
    ['GA1.2.1162820436.1749482504', '1162820436.1749482504'],
    ['GA1.2-2.1162820436.1749482504', '1162820436.1749482504'],
    ['GA2.1.1162820436.1749482504', '1162820436.1749482504'],
  ])('reads %s', (cookie, id) => {
    expect(readGaClientId(cookie)).toBe(id);
  });

  it.each(['GA1.1.1162820436', 'GA1.1.abc.1749482504', 'XX1.1.1.2', '', '...', 'amp-Xyz'])(
    'refuses %s',
    (cookie) => {
      expect(readGaClientId(cookie)).toBeUndefined();
    },
  );
});

describe('readGaSessionId', () => {
  it.each([
    ['GS1.1.1746825440.14.0.1746825440.0.0.295082955', '1746825440'],
    ['GS2.1.s1747132561$o1$g0$t1747132655$j0$l0$h0', '1747132561'],
    ['GS2.1.s1749720905$o7$g1$t1749720905$j60$l0$h1935505518', '1749720905'],
    ['GS2.1.o7$g1$s1749720905', '1749720905'],
  ])('reads %s', (cookie, id) => {
    expect(readGaSessionId(cookie)).toBe(id);
  });

  it.each(['GS3.1.s1', 'GS1.1.abc.1', 'GS2.1.o1$g0', 'GS2.1.sabc', 'GS1', '', 'GS2..', 'GS1.1.'])(
    'refuses %s',
    (cookie) => {
      expect(readGaSessionId(cookie)).toBeUndefined();
    },
  );
});
