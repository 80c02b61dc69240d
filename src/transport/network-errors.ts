/** Failures before the first byte of the request could leave. */
const BEFORE_SENDING = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

export function didNotArrive(code: string): boolean {
  return BEFORE_SENDING.has(code);
}

/** Why a signal ended a request: its time was up, or whoever holds the signal ended it. */
export function cutOffBy(signal: AbortSignal): string {
  const { name } = (signal.reason ?? {}) as { name?: unknown };
  return signal.aborted && name !== 'TimeoutError'
    ? 'cut off, because the application shut down'
    : 'no answer within the deadline';
}

/** The error's code; its message may hold a URL and is not used. */
export function codeOf(error: unknown): string {
  const code =
    typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : 'a network error';
}
