import { parseCookie } from './cookies';
import { rpcHeaders } from './rpc-headers';

/** What of a request is read here, whatever framework it came from. */
export interface RequestParts {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly method?: string;
  /** Path and query as the client sent them. */
  readonly target?: string;
  readonly query: URLSearchParams;
  /** First value of each cookie, decoded. */
  readonly cookies: Readonly<Record<string, string | undefined>>;
  readonly socket?: { readonly remoteAddress?: unknown; readonly encrypted?: unknown };
}

type Shape = Readonly<Record<string, unknown>>;

/** Longest URL and cookie header that is looked at; Node itself refuses headers over 16 KiB. */
const MAX_TARGET_LENGTH = 16_384;

/**
 * Finds the request in what the host has at hand: an Express, Fastify or `node:http` request, a Nest
 * `ExecutionContext`, a GraphQL context. `undefined` where there is none. May throw on a hostile object.
 */
export function requestParts(source: unknown): RequestParts | undefined {
  const request = findRequest(source);
  if (request === undefined) return undefined;
  const raw = isShape(request.raw) ? request.raw : request;
  const headers = isShape(request.headers) ? request.headers : {};
  const target = firstText(request.originalUrl, raw.url, request.url);
  return {
    headers,
    method: firstText(request.method),
    target,
    query: queryOf(target, request.query),
    cookies: cookiesOf(headers.cookie, request.cookies),
    socket: isShape(raw.socket) ? raw.socket : isShape(request.socket) ? request.socket : undefined,
  };
}

/** Where the visitor believes to be; scheme and host are believed from `X-Forwarded-*` of a trusted peer only. */
export function origin(
  parts: RequestParts,
  isPeerTrusted: boolean,
): { readonly scheme: string; readonly host: string | undefined } {
  const forwarded = (name: string) =>
    isPeerTrusted ? header(parts, name)?.split(',')[0]?.trim() : undefined;
  return {
    scheme: forwarded('x-forwarded-proto') ?? (parts.socket?.encrypted === true ? 'https' : 'http'),
    host: forwarded('x-forwarded-host') ?? header(parts, 'host'),
  };
}

/** One header as text; of a repeated one the first. */
export function header(parts: RequestParts, name: string): string | undefined {
  const value = parts.headers[name];
  return firstText(Array.isArray(value) ? value[0] : value);
}

export function findRequest(source: unknown, depth = 0): Shape | undefined {
  if (!isShape(source) || depth > 3) return undefined;
  if (isShape(source.headers)) return source;
  const { switchToHttp, getArgByIndex } = source;
  if (typeof switchToHttp === 'function' && typeof getArgByIndex === 'function') {
    // A Nest ExecutionContext: HTTP has the request first, GraphQL keeps its context third.
    const argument = (index: number) =>
      (getArgByIndex as (index: number) => unknown).call(source, index);
    if (isRpc(source)) {
      const headers = rpcHeaders(argument(1));
      return headers === undefined ? undefined : { headers };
    }
    return findRequest(argument(0), depth + 1) ?? findRequest(argument(2), depth + 1);
  }
  return findRequest(source.req, depth + 1) ?? findRequest(source.request, depth + 1);
}

function isRpc(context: Shape): boolean {
  const { getType } = context;
  return typeof getType === 'function' && (getType as () => unknown).call(context) === 'rpc';
}

function queryOf(target: string | undefined, parsed: unknown): URLSearchParams {
  if (target !== undefined && target.length <= MAX_TARGET_LENGTH) {
    const at = target.indexOf('?');
    if (at >= 0) return new URLSearchParams(target.slice(at + 1));
  }
  const query = new URLSearchParams();
  if (isShape(parsed)) {
    for (const [name, value] of Object.entries(parsed)) {
      const first: unknown = Array.isArray(value) ? value[0] : value;
      if (typeof first === 'string') query.append(name, first);
    }
  }
  return query;
}

function cookiesOf(
  cookieHeader: unknown,
  parsed: unknown,
): Readonly<Record<string, string | undefined>> {
  const text: unknown = Array.isArray(cookieHeader) ? cookieHeader.join('; ') : cookieHeader;
  if (typeof text === 'string' && text.length <= MAX_TARGET_LENGTH) return parseCookie(text);
  const cookies: Record<string, string | undefined> = Object.create(null) as Record<
    string,
    undefined
  >;
  if (isShape(parsed)) {
    for (const [name, value] of Object.entries(parsed)) {
      if (typeof value === 'string') cookies[name] = value;
    }
  }
  return cookies;
}

function firstText(...values: readonly unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === 'string' && value !== '');
}

function isShape(value: unknown): value is Shape {
  return typeof value === 'object' && value !== null;
}
