/**
 * The client ID in a `_ga` cookie (`GA1.1.1162820436.1749482504` → `1162820436.1749482504`).
 * Google does not document the layout; what does not fit reads as `undefined`.
 */
export function readGaClientId(value: string): string | undefined {
  const segments = value.split('.');
  if (segments.length < 4 || !/^GA\d+$/.test(segments[0] ?? '')) return undefined;
  const [random, firstSeen] = segments.slice(-2);
  return isDigits(random) && isDigits(firstSeen) ? `${random}.${firstSeen}` : undefined;
}

/**
 * The session ID in a `_ga_<stream>` cookie, of the form GS1 (fields by place) or GS2 (fields by
 * letter, in any order). `undefined` for a form that is not known.
 */
export function readGaSessionId(value: string): string | undefined {
  const [, version, rest] = /^GS(\d)\.[^.]+\.(.+)$/.exec(value) ?? [];
  if (version === undefined || rest === undefined) return undefined;
  const id =
    version === '1'
      ? rest.split('.')[0]
      : version === '2'
        ? rest
            .split('$')
            .find((field) => field.startsWith('s'))
            ?.slice(1)
        : undefined;
  return isDigits(id) ? id : undefined;
}

function isDigits(text: string | undefined): text is string {
  return text !== undefined && /^\d{1,20}$/.test(text);
}
