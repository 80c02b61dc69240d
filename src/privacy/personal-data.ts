const EMAIL_LIKE = /[^\s@=&?/]+(?:@|%40)[^\s@=&?/]+\.[^\s@=&?/]+/i;
const PHONE_LIKE = /^\s*(?:\+|00)[\d\s().-]{7,}$/;

/** Whether a text looks like an e-mail address or a phone number in international form. */
export function looksPersonal(text: string): boolean {
  return (
    (text.includes('@') || text.includes('%40') ? EMAIL_LIKE.test(text) : false) ||
    PHONE_LIKE.test(text)
  );
}
