import { isIPv4 } from 'node:net';

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
  // Most are in this spelling already, and in a part of the network where there is nothing else.
  if (isIPv4(text) && mixedBlocks?.has(Number.parseInt(text, 10)) === false) return text;
  const address = parse(text);
  return address === undefined || NOT_PUBLIC.has(address.range()) ? undefined : address.toString();
}

/** The part of the library that its types leave out. */
interface IPv4Ranges {
  readonly SpecialRanges?: Readonly<Record<string, readonly (readonly [ipaddr.IPv4, number])[]>>;
}

/** First numbers of IPv4 addresses of which some are not public; `undefined`: the library has to be asked of each. */
const mixedBlocks = readMixedBlocks();

function readMixedBlocks(): ReadonlySet<number> | undefined {
  const ranges = (ipaddr.IPv4.prototype as IPv4Ranges).SpecialRanges;
  if (ranges === undefined) return undefined;
  const blocks = new Set<number>();
  for (const [name, subnets] of Object.entries(ranges)) {
    if (!NOT_PUBLIC.has(name)) continue;
    for (const [{ octets }, bits] of subnets) {
      const [first = 0] = octets;
      for (let block = 0; block < 2 ** Math.max(8 - bits, 0); block += 1) blocks.add(first + block);
    }
  }
  return blocks;
}

/**
 * The address of many: IPv4 without its last 8 bits (/24), IPv6 without its last 80 (/48). Common practice, and no
 * promise that nobody can be found. `undefined` for what is no address.
 */
export function anonymizeIp(text: string): string | undefined {
  const address = parse(text);
  if (address === undefined) return undefined;
  if (address instanceof ipaddr.IPv4) {
    return new ipaddr.IPv4([...address.octets.slice(0, 3), 0]).toString();
  }
  return new ipaddr.IPv6([...address.parts.slice(0, 3), 0, 0, 0, 0, 0]).toString();
}

/** IPv4 in four decimal parts only: `1` and `0x7f000001` are addresses to the library, but not to us. */
function parse(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (!text.includes(':')) {
    return ipaddr.IPv4.isValidFourPartDecimal(text) ? ipaddr.IPv4.parse(text) : undefined;
  }
  return ipaddr.isValid(text) ? ipaddr.process(text) : undefined;
}
