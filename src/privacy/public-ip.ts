import ipaddr from 'ipaddr.js';

/** Ranges that belong to nobody's visitor. Documentation ranges are left in, so that examples work. */
const NOT_PUBLIC = new Set([
  'private',
  'loopback',
  'linkLocal',
  'uniqueLocal',
  'carrierGradeNat',
  'unspecified',
  'broadcast',
  'multicast',
]);

/** The address in one spelling, or `undefined` if a platform must not see it: private or no address. */
export function publicIp(text: string): string | undefined {
  if (!ipaddr.isValid(text) || !(text.includes(':') || ipaddr.IPv4.isValidFourPartDecimal(text)))
    return undefined;
  const address = ipaddr.process(text);
  return NOT_PUBLIC.has(address.range()) ? undefined : address.toString();
}
