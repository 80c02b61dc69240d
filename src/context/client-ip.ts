import ipaddr from 'ipaddr.js';
import proxyaddr from 'proxy-addr';

import { header, type RequestParts } from './request-parts';

/** Which peers may say who the client is; as Express' `trust proxy` means it. */
export type TrustProxy = boolean | number | string | readonly string[];

export type IsTrusted = (address: string, hop: number) => boolean;

/**
 * @param trust `true`: every hop; a number: that many hops; addresses, CIDR ranges and the names
 *   `loopback`, `linklocal`, `uniquelocal`, also as one comma-separated text.
 * @throws TypeError on an address or range that is none.
 */
export function compileTrust(trust: TrustProxy): IsTrusted {
  if (typeof trust === 'boolean') return () => trust;
  if (typeof trust === 'number') return (_address, hop) => hop < trust;
  const ranges = typeof trust === 'string' ? trust.split(',').map((range) => range.trim()) : trust;
  return proxyaddr.compile([...ranges]);
}

/**
 * The client's address: the socket's, unless the peer is a trusted proxy; then the right-most hop of
 * `X-Forwarded-For` that is not trusted, because everything left of it could be made up.
 *
 * @param ipHeaders headers of a provider (`cf-connecting-ip`) that the host chose to believe; they
 *   count only from a trusted peer too.
 */
export function clientIp(
  parts: RequestParts,
  isTrusted: IsTrusted,
  ipHeaders: readonly string[],
): string | undefined {
  const peer = normalizeIp(parts.socket?.remoteAddress);
  if (peer === undefined || !isTrusted(peer, 0)) return peer;
  for (const name of ipHeaders) {
    const claimed = normalizeIp(header(parts, name));
    if (claimed !== undefined) return claimed;
  }
  const forwardedFor = parts.headers['x-forwarded-for'];
  const request = {
    headers: {
      'x-forwarded-for': Array.isArray(forwardedFor) ? forwardedFor.join(',') : forwardedFor,
    },
    connection: { remoteAddress: peer },
    socket: { remoteAddress: peer },
  };
  // proxy-addr reads only these fields of a request.
  const claimed = proxyaddr(
    request as unknown as Parameters<typeof proxyaddr>[0],
    (address, hop) => {
      const normal = normalizeIp(address);
      return normal !== undefined && isTrusted(normal, hop);
    },
  );
  // A hop that is no address tells nothing; the nearest thing that is true is the peer.
  return normalizeIp(claimed) ?? peer;
}

/** One spelling for each address: no port, no brackets, IPv4 out of IPv6, IPv6 shortened. */
export function normalizeIp(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 60) return undefined;
  const bare =
    /^\[([^\]]+)\](?::\d+)?$/.exec(value)?.[1] ?? /^([\d.]+):\d+$/.exec(value)?.[1] ?? value;
  return ipaddr.isValid(bare) && (bare.includes(':') || ipaddr.IPv4.isValidFourPartDecimal(bare))
    ? ipaddr.process(bare).toString()
    : undefined;
}
