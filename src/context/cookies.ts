import { parse } from 'cookie';

/** Every cookie of the header by name, decoded; of two with one name the first that the browser sent. */
export function parseCookie(header: string): Readonly<Record<string, string | undefined>> {
  return parse(header);
}

/** All values of one name, because a browser sends one for each domain and path that set it. */
export function cookieValues(header: string, name: string): string[] {
  return header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => parse(pair)[name] ?? '');
}
