import { isIP } from 'node:net';

import { holdsEmail, looksPersonal } from '../privacy/personal-data';

const REMOVED = '[removed]';
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;
const MAX_READ_CHARS = 1_000;

/** Each is bounded, or takes one kind of character, so that a hostile text costs no more than its length. */
const NUMBERS: readonly RegExp[] = [
  // IPv6
  /(?<![\w:])(?=[\da-f:.]{3,45}(?![\w:]))(?:[\da-f]{0,4}:){2,7}[\da-f.]{0,15}/gi,
  /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g,
  // a phone number as people write it; platforms' codes have up to seven digits
  /\+\(?\d(?:[\s().-]{0,2}\d){5,17}/g,
  /\(?\d(?:[\s().-]{0,2}\d){7,17}/g,
];

/** Its path and query may hold anything. */
const URL_LIKE = /\b[a-z]{2,10}:\/\/\S+/gi;

/** Tokens, hashes, cookies, click IDs: a long run with a digit in it, which names of fields have not. */
const LONG_RUN = /[\w.~+/=-]{24,}/g;

/** An ID or a name as it was sent: kept unless it holds an e-mail address, or is a phone number or an IP address. */
export function cleanName(text: string, maxChars: number): string {
  const plain = printable(text);
  const isPersonal = looksPersonal(plain) || isIP(plain.trim()) !== 0;
  return isPersonal ? REMOVED : cutTo(plain, maxChars);
}

/** A sentence, perhaps a platform's, which may repeat what it was sent: without all that may be about somebody. */
export function cleanSentence(text: string, maxChars: number): string {
  const words = printable(text)
    .split(' ')
    .map((word) => (holdsEmail(word) ? REMOVED : word));
  // A run first: else a number would be cut out of the middle of a token.
  let cleaned = words
    .join(' ')
    .replace(URL_LIKE, REMOVED)
    .replace(LONG_RUN, (run) => (/\d/.test(run) ? REMOVED : run));
  for (const pattern of NUMBERS) cleaned = cleaned.replace(pattern, REMOVED);
  return cutTo(cleaned, maxChars);
}

/** Half of a character would come back as another one, and the line would count as altered. */
function cutTo(text: string, maxChars: number): string {
  return text.slice(0, maxChars).replace(/\p{Cs}$/u, '');
}

/** Without what no storage gives back as it was. */
function printable(text: string): string {
  return text.slice(0, MAX_READ_CHARS).replace(UNPRINTABLE, ' ');
}
