import { clientIp, compileTrust, normalizeIp, type TrustProxy } from './client-ip';
import { requestParts } from './request-parts';

function ipOf(
  peer: string,
  headers: Record<string, string | string[]>,
  trust: TrustProxy,
  ipHeaders: string[] = [],
) {
  const parts = requestParts({ headers, socket: { remoteAddress: peer } });
  return parts && clientIp(parts, compileTrust(trust), ipHeaders);
}

describe('clientIp', () => {
  const XFF = { 'x-forwarded-for': '1.1.1.1, 203.0.113.7, 10.0.0.2' };

  it.each<[string, string, Record<string, string | string[]>, TrustProxy, string | undefined]>([
    ['is the peer without a trusted proxy', '198.51.100.9', XFF, false, '198.51.100.9'],
    ['is the right-most hop that is not trusted', '10.0.0.1', XFF, '10.0.0.0/8', '203.0.113.7'],
    ['is the left-most where every hop is trusted', '10.0.0.1', XFF, true, '1.1.1.1'],
    ['counts trusted hops from the right', '10.0.0.1', XFF, 1, '10.0.0.2'],
    ['counts two trusted hops', '10.0.0.1', XFF, 2, '203.0.113.7'],
    ['ignores the header of a stranger', '198.51.100.9', XFF, '10.0.0.0/8', '198.51.100.9'],
    [
      'knows named ranges',
      '127.0.0.1',
      { 'x-forwarded-for': '203.0.113.7' },
      'loopback',
      '203.0.113.7',
    ],
    [
      'takes a list of ranges',
      '10.0.0.1',
      { 'x-forwarded-for': '203.0.113.7' },
      ['loopback', '10.0.0.0/8'],
      '203.0.113.7',
    ],
    [
      'takes ranges in one text',
      '10.0.0.1',
      { 'x-forwarded-for': '203.0.113.7' },
      'loopback, 10.0.0.0/8',
      '203.0.113.7',
    ],
    [
      'unwraps IPv4 in IPv6',
      '::ffff:10.0.0.1',
      { 'x-forwarded-for': '203.0.113.7' },
      '10.0.0.0/8',
      '203.0.113.7',
    ],
    [
      'reads a hop with a port',
      '10.0.0.1',
      { 'x-forwarded-for': '203.0.113.7:51234' },
      true,
      '203.0.113.7',
    ],
    [
      'reads IPv6 in brackets',
      '10.0.0.1',
      { 'x-forwarded-for': '[2A00:1450::1]:443' },
      true,
      '2a00:1450::1',
    ],
    [
      'falls back to the peer for a hop that is no address',
      '10.0.0.1',
      { 'x-forwarded-for': 'unknown' },
      true,
      '10.0.0.1',
    ],
    [
      'joins a repeated header',
      '10.0.0.1',
      { 'x-forwarded-for': ['1.1.1.1', '203.0.113.7'] },
      1,
      '203.0.113.7',
    ],
    [
      'never believes x-real-ip by itself',
      '10.0.0.1',
      { 'x-real-ip': '6.6.6.6' },
      true,
      '10.0.0.1',
    ],
  ])('%s', (_rule, peer, headers, trust, ip) => {
    expect(ipOf(peer, headers, trust)).toBe(ip);
  });

  it('believes a header that the host listed, from a trusted peer only', () => {
    const headers = { 'cf-connecting-ip': '203.0.113.7', 'x-forwarded-for': '6.6.6.6' };
    expect(ipOf('10.0.0.1', headers, '10.0.0.0/8', ['cf-connecting-ip'])).toBe('203.0.113.7');
    expect(ipOf('198.51.100.9', headers, '10.0.0.0/8', ['cf-connecting-ip'])).toBe('198.51.100.9');
  });

  it('is unknown without a socket', () => {
    const parts = requestParts({ headers: XFF });
    expect(parts && clientIp(parts, compileTrust(true), [])).toBeUndefined();
  });
});

describe('normalizeIp', () => {
  it.each(['1', '0x7f000001', '1.2.3', 'a'.repeat(100), '', 'localhost', undefined, 42])(
    'refuses %s',
    (value) => {
      expect(normalizeIp(value)).toBeUndefined();
    },
  );
});
