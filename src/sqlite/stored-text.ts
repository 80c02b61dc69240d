import { isUtf8 } from 'node:buffer';

/**
 * Text is read as bytes, because the package ends the process where stored text is not UTF-8, which a
 * damaged page may well be.
 */
export type TextRow<Name extends string> = Record<Name, Bytes | null>;

/** The package gives one or the other. */
export type Bytes = Buffer | ArrayBuffer;

/** @returns the text, or nothing where the bytes are none. */
export function textOf(bytes: Bytes): string | undefined {
  const buffer = bufferOf(bytes);
  // An empty one is no valid argument where it comes from native code.
  return buffer.length === 0 || isUtf8(buffer) ? buffer.toString('utf8') : undefined;
}

/** What is missing is empty. */
export function bufferOf(bytes: Bytes | null): Buffer {
  if (bytes === null) return Buffer.alloc(0);
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes);
}

/** Columns of a SELECT or RETURNING. */
export function asBytes(names: readonly string[]): string {
  return names.map((name) => `CAST(${name} AS BLOB) AS ${name}`).join(', ');
}

/** The texts of a row; `isDamaged` where one of them is none. */
export function textsOf<Name extends string>(
  row: TextRow<Name>,
  names: readonly Name[],
): Record<Name, string> & { readonly isDamaged: boolean } {
  let isDamaged = false;
  const texts: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const bytes = row[name];
    const text = bytes === null ? undefined : textOf(bytes);
    isDamaged ||= text === undefined;
    texts[name] = text ?? '';
  }
  return Object.assign(texts as Record<Name, string>, { isDamaged });
}
