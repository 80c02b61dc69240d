import { readEncryptionKey } from './vault';

/** How to make one, for messages. */
export const MAKE_A_KEY = 'make one with: openssl rand -base64 32';

/**
 * Reads the encryption keys as the host sets them: a key, several with commas between them, or a list. The
 * first one seals, all of them open.
 *
 * @returns no keys where none is set; a text that says what is wrong, without showing it, if something is.
 */
export function readEncryptionKeys(value: unknown): readonly Uint8Array[] | string {
  const texts = listOf(value);
  if (texts === undefined) return `expected text or a list of texts; ${MAKE_A_KEY}`;
  const keys: Uint8Array[] = [];
  for (const [index, text] of texts.entries()) {
    const key = readEncryptionKey(text);
    if (key === undefined) {
      const which = texts.length === 1 ? '' : ` as number ${index + 1} of ${texts.length}`;
      return `expected 32 bytes as base64 or hex${which}, got other text; ${MAKE_A_KEY}`;
    }
    keys.push(key);
  }
  return keys;
}

/** Without what is empty: a trailing comma, a variable that is not set. */
function listOf(value: unknown): string[] | undefined {
  if (value === undefined || value === null) return [];
  const parts: readonly unknown[] = Array.isArray(value) ? value : [value];
  const texts: string[] = [];
  for (const part of parts) {
    if (typeof part !== 'string') return undefined;
    texts.push(...part.split(',').filter((text) => text.trim() !== ''));
  }
  return texts;
}
