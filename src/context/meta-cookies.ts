/** Two letters that older libraries of Meta append as a fifth segment; newer ones append 8 characters. */
const SHORT_APPENDIX = new Set(['AQ', 'Ag', 'Aw', 'BA', 'BQ', 'Bg']);

/** Longest cookie or click ID that is believed. */
const MAX_LENGTH = 4_096;

/**
 * The payload of a `_fbc` or `_fbp` cookie, `fb.<subdomain index>.<ms>.<payload>[.<appendix>]`, or
 * `undefined` if it is none.
 *
 * @see https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/fbp-and-fbc
 */
export function metaCookiePayload(value: string): string | undefined {
  if (value.length > MAX_LENGTH) return undefined;
  const segments = value.split('.');
  const [prefix, subdomainIndex, createdMs, payload, appendix] = segments;
  const isValid =
    (segments.length === 4 || segments.length === 5) &&
    prefix === 'fb' &&
    isDigits(subdomainIndex) &&
    isDigits(createdMs) &&
    (appendix === undefined || appendix.length === 8 || SHORT_APPENDIX.has(appendix));
  return isValid && payload !== '' ? payload : undefined;
}

/**
 * What to send as `fbc`. A valid cookie of the same click is kept whole, appendix included; a click in
 * the URL that the cookie does not know makes a new value. Without a click there is none.
 *
 * @param nowMs when the click was first seen.
 * @param subdomainIndex number of dots in the cookie's domain; made on a server, where no cookie is set, it is 1.
 */
export function chooseFbc(
  cookie: string | undefined,
  fbclid: string | undefined,
  nowMs: number,
  subdomainIndex = 1,
): string | undefined {
  const known = cookie === undefined ? undefined : metaCookiePayload(cookie);
  if (fbclid === undefined || fbclid === '' || fbclid.length > MAX_LENGTH || fbclid === known) {
    return known === undefined ? undefined : cookie;
  }
  return `fb.${subdomainIndex}.${nowMs}.${fbclid}`;
}

/** The `_fbp` cookie, whole, if it is one. */
export function chooseFbp(cookie: string | undefined): string | undefined {
  return cookie !== undefined && metaCookiePayload(cookie) !== undefined ? cookie : undefined;
}

function isDigits(text: string | undefined): boolean {
  return text !== undefined && /^\d+$/.test(text);
}
