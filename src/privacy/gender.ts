/** `f` or `m` by the first letter; the platforms know no other, so any other is not sent. */
export function normalizeGender(text: string): 'f' | 'm' | undefined {
  const first = text.trim().charAt(0).toLowerCase();
  return first === 'f' || first === 'm' ? first : undefined;
}
