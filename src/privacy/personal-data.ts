/** The part behind an @, as far as it looks like a host name. Bounded, and each part ends at a dot. */
const HOST_NAME = /^[^\s@=&?/.]{1,63}(?:\.[^\s@=&?/.]{1,63})+/;
const PHONE_LIKE = /^\s*(?:\+|00)[\d\s().-]{7,}$/;
const BEFORE_AT = /[^\s@=&?/]/;

/** Longest host name that is looked at, so that a hostile text costs no more than its length. */
const MAX_HOST_NAME = 255;

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
