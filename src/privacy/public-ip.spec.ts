import fc from 'fast-check';
import ipaddr from 'ipaddr.js';

import { anonymizeIp, publicIp } from './public-ip';

describe('publicIp', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:8.8.8.8', '8.8.8.8'],
    ['2A00:1450:4009:0:0:0:0:200E', '2a00:1450:4009::200e'],
  ])('lets %s pass as %s', (ip, normal) => {
    expect(publicIp(ip)).toBe(normal);
  });

  it.each([
    '10.0.0.1',
    '192.168.1.1',
    '172.16.0.1',
    '127.0.0.1',
    '169.254.1.1',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    'fe80::1',
    'fd00::1',
    '::ffff:10.0.0.1',
    'localhost',
    '1',
    '999.1.1.1',
    '',
  ])('keeps %s from the platforms', (ip) => {
    expect(publicIp(ip)).toBeUndefined();
  });
});

describe('publicIp, of any IPv4 address', () => {
  const HIDDEN = /private|loopback|linkLocal|carrierGradeNat|unspecified|broadcast|multicast/;

  it('says what the library says', () => {
    // Beside any address the ends of ranges, which few of them are.
    const number = fc.oneof(
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom(0, 10, 100, 127, 172, 192, 224, 239, 255),
    );
    fc.assert(
      fc.property(fc.tuple(number, number, number, number), (octets) => {
        const text = octets.join('.');
        const isHidden = HIDDEN.test(ipaddr.IPv4.parse(text).range());
        expect(publicIp(text)).toBe(isHidden ? undefined : text);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('anonymizeIp', () => {
  it.each([
    ['203.0.113.77', '203.0.113.0'],
    ['203.0.113.0', '203.0.113.0'],
    ['2001:db8:85a3:8d3:1319:8a2e:370:7348', '2001:db8:85a3::'],
    ['2001:db8::1', '2001:db8::'],
    ['::ffff:203.0.113.77', '203.0.113.0'],
    ['::ffff:cb00:714d', '203.0.113.0'],
    ['not an address', undefined],
    ['1', undefined],
  ])('makes %s %s', (ip, anonymous) => {
    expect(anonymizeIp(ip)).toBe(anonymous);
  });
});
