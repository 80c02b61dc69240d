/** The URL as it may be printed: origin and path, because a query may hold a secret. */
export function printableUrl(url: string): string {
  if (!URL.canParse(url)) return '[not a URL]';
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
