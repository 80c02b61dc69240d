/** The part behind an @, as far as it looks like a host name. Bounded, and each part ends at a dot. */
const HOST_NAME = /^[^\s@=&?/.]{1,63}(?:\.[^\s@=&?/.]{1,63})+/;
const PHONE_LIKE = /^\s*(?:\+|00)[\d\s().-]{7,}$/;
const BEFORE_AT = /[^\s@=&?/]/;

/** Longest host name that is looked at, so that a hostile text costs no more than its length. */
const MAX_HOST_NAME = 255;

/** A JSON Web Token, signed or encrypted: the base64url of `{"…` begins with these letters. */
const JWT = /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\./;

/** What a card number may look like: groups of digits with a blank or a hyphen between them. */
const CARD_RUN = /(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.])/g;

/**
 * Visa, Mastercard, American Express, Diners, Discover, JCB and UnionPay, each with its lengths: order numbers, times
 * in milliseconds and ad IDs are as long, but begin otherwise.
 *
 * @see https://www.iso.org/standard/70484.html for the identification of issuers (ISO/IEC 7812)
 */
const CARD_NUMBER =
  /^(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12,15}|35(?:2[89]|[3-8]\d)\d{12,15}|62\d{14,17})$/;

/** Whether a text holds something like an e-mail address, also with an encoded @. */
export function holdsEmail(text: string): boolean {
  const plain = text.includes('%40') ? text.replaceAll('%40', '@') : text;
  for (let at = plain.indexOf('@'); at >= 0; at = plain.indexOf('@', at + 1)) {
    const hasName = at > 0 && BEFORE_AT.test(plain.charAt(at - 1));
    if (hasName && HOST_NAME.test(plain.slice(at + 1, at + 1 + MAX_HOST_NAME))) return true;
  }
  return false;
}

/** Whether a text looks like an e-mail address or a phone number in international form. */
export function looksPersonal(text: string): boolean {
  return holdsEmail(text) || PHONE_LIKE.test(text);
}

export function holdsJwt(text: string): boolean {
  return text.includes('eyJ') && JWT.test(text);
}

/** Whether a text holds a number of a card scheme whose check digit is right. */
export function holdsCardNumber(text: string): boolean {
  if (text.length < 13) return false;
  return text.match(CARD_RUN)?.some((run) => isCardNumber(run.replace(/[ -]/g, ''))) ?? false;
}

/** What a text should not hold, in words for a message; `undefined` where nothing was found. */
export function personalKind(text: string): string | undefined {
  if (holdsEmail(text)) return 'an e-mail address';
  if (PHONE_LIKE.test(text)) return 'a phone number';
  if (holdsCardNumber(text)) return 'a card number';
  return holdsJwt(text) ? 'a token' : undefined;
}

function isCardNumber(digits: string): boolean {
  return CARD_NUMBER.test(digits) && hasLuhnDigit(digits);
}

/** The check digit of ISO/IEC 7812: from the right, every second digit counts twice. */
function hasLuhnDigit(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits.charAt(digits.length - 1 - index));
    const weighted = index % 2 === 0 ? digit : digit * 2;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return sum % 10 === 0;
}
