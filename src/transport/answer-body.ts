/** The JSON in an answer's body, or `undefined` where there is none: platforms answer HTML in trouble. */
export function parseJson(text: string): unknown {
  const start = text.trimStart().charAt(0);
  if (start !== '{' && start !== '[') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
