import type { Consent } from './consent';

/** What an ad click or a pixel left with the visitor. Opaque and case-sensitive: never altered. */
export interface ClickIds {
  /** Meta click: the whole `_fbc` cookie, or one built from `fbclid`. */
  fbc?: string | undefined;
  /** Meta browser: the whole `_fbp` cookie. */
  fbp?: string | undefined;
  /** TikTok click. */
  ttclid?: string | undefined;
  /** TikTok browser: the `_ttp` cookie. */
  ttp?: string | undefined;
  gclid?: string | undefined;
  gbraid?: string | undefined;
  wbraid?: string | undefined;
  dclid?: string | undefined;
  msclkid?: string | undefined;
  /** Snap (`ScCid`). */
  scCid?: string | undefined;
  /** Pinterest. */
  epik?: string | undefined;
  /** Reddit. */
  rdtCid?: string | undefined;
  /** LinkedIn. */
  liFatId?: string | undefined;
  [name: string]: string | undefined;
}

/**
 * What a visitor's request can tell. Plain JSON: keep it beside an order at checkout and hand it to
 * `trackPurchase` in the webhook, where the request is the payment provider's and not the visitor's.
 */
export interface RequestContext {
  ip?: string | undefined;
  userAgent?: string | undefined;
  /** The page that the visitor was on. */
  url?: string | undefined;
  referrer?: string | undefined;
  /** BCP 47, the first of `Accept-Language`. */
  language?: string | undefined;
  clickIds?: ClickIds | undefined;
  /** From the `_ga` cookie: `1162820436.1749482504`. */
  gaClientId?: string | undefined;
  /** Session ID by stream, from the `_ga_<stream>` cookies: `{ ABC123: '1747132561' }`. */
  gaSessions?: Readonly<Record<string, string>> | undefined;
  /** The browser sent `Sec-GPC: 1`. */
  gpc?: boolean | undefined;
  /** The visitor that our own first-party cookie knows; see the guide on visitors. */
  visitorId?: string | undefined;
  /** When the visitor's session began, in Unix seconds. */
  sessionId?: string | undefined;
  /** What the visitor allowed at that moment: read from the cookies of a consent tool, or told by the host. */
  consent?: Consent | undefined;
}

/** Points to a context that `saveContext` keeps. Opaque; safe in Stripe metadata. */
export interface ContextRef {
  contextRef: string;
}

/**
 * A request of Express, Fastify or `node:http`, by shape, so that no framework is needed. Also taken:
 * a Nest `ExecutionContext` and a GraphQL context that holds one under `req` or `request`.
 */
export interface IncomingRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly url?: string | undefined;
  readonly originalUrl?: string | undefined;
  readonly method?: string | undefined;
  readonly query?: unknown;
  readonly cookies?: unknown;
  readonly socket?: unknown;
  readonly raw?: unknown;
}
