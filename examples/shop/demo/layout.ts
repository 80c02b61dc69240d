const SECRET_KEYS = new Set(['access_token', 'access-token', 'api_secret', 'appsecret_proof']);
const MAX_TEXT_LENGTH = 64;

/** One field a line, names in a column; what is nested stands in its line, wrapped at `width`. */
export function layOut(fields: Readonly<Record<string, unknown>>, width = 100): string[] {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  const column = Math.max(0, ...entries.map(([name]) => name.length)) + 2;
  return entries.flatMap(([name, value]) =>
    wrap(partsOf(name, value), width - column).map(
      (line, index) => (index === 0 ? name : '').padEnd(column) + line,
    ),
  );
}

/** A hash needs eight characters to be known again, and nobody reads a user agent to its end. */
export function shorten(text: string): string {
  if (/^[0-9a-f]{64}$/.test(text)) return `${text.slice(0, 8)}…`;
  return text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH - 1)}…` : text;
}

/** The path of a URL with every secret of its query masked. */
export function maskUrl(url: string): string {
  return url.replace(/([?&](?:access_token|api_secret)=)[^&]*/g, '$1***');
}

function partsOf(name: string, value: unknown): string[] {
  if (!isFields(value)) return [inline(name, value)];
  return Object.entries(value).flatMap(([key, inner]) => {
    const isList = Array.isArray(inner) && inner.every(isFields);
    // Each element of a list has its own part, because a list of products is long.
    return (isList ? inner : [inner]).map((element) => `${key} ${inline(key, element)}`);
  });
}

function inline(name: string, value: unknown): string {
  if (SECRET_KEYS.has(name)) return '***';
  if (Array.isArray(value)) return value.map((inner) => inline(name, inner)).join(', ');
  if (isFields(value)) {
    const fields = Object.entries(value).map(([key, inner]) => `${key} ${inline(key, inner)}`);
    return `{ ${fields.join(', ')} }`;
  }
  return shorten(String(value));
}

/** Parts in lines of at most `width`; a part that is longer has its own line. */
function wrap(parts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 3 + part.length <= width) {
      lines[lines.length - 1] = `${last} · ${part}`;
    } else {
      lines.push(part);
    }
  }
  return lines.length === 0 ? [''] : lines;
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
