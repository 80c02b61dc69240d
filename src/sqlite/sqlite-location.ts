import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How far a commit is pushed before a call is told that its event is stored. */
export type SqliteSynchronous =
  /** To the disk: survives a power cut. */
  | 'FULL'
  /** To the operating system: survives a crash of the process; a power cut may take the last commits. */
  | 'NORMAL';

export interface SqliteLocation {
  /** Absolute. */
  readonly path: string;
  readonly synchronous: SqliteSynchronous;
  /** The most pages (of 8 KiB) that the file may have; without it as many as the disk takes. */
  readonly maxPages: number | undefined;
}

/**
 * Reads `file:./data/tracking.db`, `file:/var/lib/tracking.db` or `file:///var/lib/tracking.db`, with
 * `?synchronous=normal` and `?maxBytes=1073741824` where wanted.
 *
 * @returns a text that says what is wrong with it, if something is.
 */
export function readSqliteLocation(url: string): SqliteLocation | string {
  const [address, query] = splitAt(url, '?');
  const rest = address.slice('file:'.length);
  const path = rest.startsWith('//') ? pathOfUrl(address) : rest;
  if (path === undefined || path === '' || path.endsWith('/'))
    return 'expected a file such as file:./data/tracking.db';
  if (path === ':memory:') return 'expected a file; for memory set memory:';
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys()) {
    if (name !== 'synchronous' && name !== 'maxBytes')
      return `knows no parameter ${JSON.stringify(name.slice(0, 40))}; expected synchronous or maxBytes`;
  }
  const synchronous = (parameters.get('synchronous') ?? 'full').toUpperCase();
  if (synchronous !== 'FULL' && synchronous !== 'NORMAL')
    return 'expected synchronous=full or synchronous=normal';
  const maxBytes = parameters.get('maxBytes');
  if (maxBytes !== null && !/^[1-9]\d{5,14}$/.test(maxBytes))
    return 'expected maxBytes as a whole number of bytes, at least 100000';
  return {
    path: resolve(path),
    synchronous,
    maxPages: maxBytes === null ? undefined : Math.ceil(Number(maxBytes) / PAGE_BYTES),
  };
}

/** Entries are some 1.5 kB: fewer pages change than with the usual 4 KiB. */
export const PAGE_BYTES = 8_192;

function pathOfUrl(address: string): string | undefined {
  try {
    return fileURLToPath(address);
  } catch {
    return undefined;
  }
}

function splitAt(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
