/** `Jean-Luc` → `jeanluc`, `O'Brien` → `obrien`, `정` → `정`: letters of any script, nothing between. */
export function normalizeName(text: string): string {
  const lower = text.toLowerCase();
  return PLAIN.test(lower) ? lower : lower.normalize('NFC').replace(SPACE_OR_PUNCTUATION, '');
}

/** The form that Google hashes: no digits, no symbols; the spaces inside stay. */
export function googleName(text: string): string {
  const lower = text.toLowerCase();
  return PLAIN.test(lower) ? lower : lower.normalize('NFC').replace(DIGIT_OR_SYMBOL, '').trim();
}

const PLAIN = /^[a-z]+$/;
const SPACE_OR_PUNCTUATION = /[\s\p{P}\p{S}]/gu;
const DIGIT_OR_SYMBOL = /[\p{N}\p{P}\p{S}]/gu;
