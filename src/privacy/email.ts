/** `  John_Smith@gmail.com ` → `john_smith@gmail.com`; `undefined` for what is no address. */
export function normalizeEmail(text: string): string | undefined {
  const email = text.normalize('NFC').trim().toLowerCase();
  return EMAIL.test(email) ? email : undefined;
}

/**
 * The form that Google hashes: no spaces, and for Gmail no dots before the @. A `+tag` stays.
 *
 * @see https://developers.google.com/analytics/devguides/collection/ga4/uid-data
 */
export function googleEmail(email: string): string {
  const at = email.lastIndexOf('@');
  const domain = email.slice(at + 1);
  if (domain !== 'gmail.com' && domain !== 'googlemail.com') return email;
  return email.slice(0, at).replaceAll('.', '') + email.slice(at);
}

const EMAIL = /^[^\s@]{1,64}@[^\s@.]+(?:\.[^\s@.]+)+$/u;
