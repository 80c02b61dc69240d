import { isIP } from 'node:net';

import { holdsEmail, looksPersonal } from '../privacy/personal-data';

const REMOVED = '[removed]';
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;
const MAX_READ_CHARS = 1_000;

/** As people write one with its country, wherever it begins: platforms' codes have no plus. */
const PHONE_WITH_PLUS = /\+\(?\d(?:[\s().-]{0,2}\d){5,17}/g;

/** Each is bounded, or takes one kind of character, so that a hostile text costs no more than its length. */
const NUMBERS: readonly RegExp[] = [
  // IPv6
  /(?<![\w:])(?=[\da-f:.]{3,45}(?![\w:]))(?:[\da-f]{0,4}:){2,7}[\da-f.]{0,15}/gi,
  /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g,
  // a phone number as people write it; platforms' codes have up to seven digits
  PHONE_WITH_PLUS,
  /\(?\d(?:[\s().-]{0,2}\d){7,17}/g,
];

/** Its path and query may hold anything. */
const URL_LIKE = /\b[a-z]{2,10}:\/\/\S+/gi;

/** Tokens, hashes, cookies, click IDs: a long run with a digit in it, which names of fields have not. */
const LONG_RUN = /[\w.~+/=-]{24,}/g;

/** A part of an ID with 00 for the plus. Order numbers are filled up with zeros too, mostly with other counts. */
const PHONE_WITH_ZEROS = /^00[1-9](?:[\s().-]{0,2}\d){8,14}$/;

/**
 * An ID or a name as it was sent: kept unless it holds an e-mail address, or is a phone number or an IP address. One
 * of these behind a prefix, as in `purchase:+4915155501234`, is removed alone.
 */
export function cleanName(text: string, maxChars: number): string {
  const plain = printable(text);
  if (looksPersonal(plain) || isIP(plain.trim()) !== 0) return REMOVED;
  const [prefix = '', ...parts] = plain.replace(PHONE_WITH_PLUS, REMOVED).split(':');
  if (isIP(parts.join(':').trim()) !== 0) return cutTo(`${prefix}:${REMOVED}`, maxChars);
  return cutTo([prefix, ...parts.map(cleanPart)].join(':'), maxChars);
}

function cleanPart(part: string): string {
  return isIP(part.trim()) !== 0 || PHONE_WITH_ZEROS.test(part.trim()) ? REMOVED : part;
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
