import { AsyncLocalStorage } from 'node:async_hooks';

import type { Clock } from '../clock';
import type { Consent } from '../events/consent';
import type { RequestContext } from '../events/request-context';
import { findRequest, header, requestParts } from './request-parts';
import type { RequestReader } from './request-reader';
import type { CookieChange, KnownVisitor, Visit } from './visit';
import type { OutgoingResponse, VisitorCookies } from './visitor-cookies';

/**
 * Whether the module finds the request being served by itself. `current` asks the host's own means first:
 * with nestjs-cls, `() => (cls.isActive() ? cls.get(CLS_REQ) : undefined)`.
 */
export type CaptureRequests = boolean | { readonly current: () => unknown };

/** One request that is being served; it is read when somebody asks, and once. */
export interface CapturedRequest {
  /** As the framework gave it; never altered. */
  readonly request: object;
  readonly context: RequestContext;
  /** Its visitor was recognised: the context knows what the answer writes. */
  readonly isGreeted: boolean;
}

/** Who writes the cookies of visitors, and whether that is done without being asked. */
export interface Greeter {
  readonly cookies: VisitorCookies;
  readonly isAutomatic: boolean;
}

/**
 * Knows the request that is being served, wherever in its asynchronous work somebody asks. Each module has
 * one of its own, so that two modules in one process do not meet.
 */
export class RequestScope {
  private readonly local = new AsyncLocalStorage<CapturedRequest>();
  /** By request, because the hooks of a framework see the same one several times. */
  private readonly captured = new WeakMap<object, LazyRequest>();

  constructor(
    private readonly reader: RequestReader,
    private readonly clock: Clock,
    private readonly capture: CaptureRequests,
    private readonly greeter?: Greeter,
  ) {}

  /** Whether requests are captured without being asked for. */
  get isCapturing(): boolean {
    return this.capture !== false;
  }

  /** Whether visitors are recognised at all. */
  get isGreeting(): boolean {
    return this.greeter !== undefined;
  }

  /**
   * Calls `work`, and everything that it starts serves this request.
   *
   * @param response where cookies may be written, if visitors are to be recognised.
   */
  run<T>(request: object, work: () => T, response?: OutgoingResponse): T {
    const captured = this.capturedOf(request);
    if (response !== undefined && this.greeter?.isAutomatic === true)
      captured.greet(this.greeter.cookies, response, this.reader.consent(request));
    return this.local.run(captured, work);
  }

  /**
   * Recognises the visitor of a request with the consent that its host knows; what is read from this request
   * later knows them too.
   *
   * @returns whom its cookies know where nothing can be written; `undefined` where that is nobody.
   */
  greet(
    source: object,
    response: OutgoingResponse,
    consent: Consent,
  ): (KnownVisitor & Pick<Visit, 'isNewSession'>) | undefined {
    const request = findRequest(source);
    if (request === undefined || this.greeter === undefined) return undefined;
    const captured = this.capturedOf(request);
    captured.greet(this.greeter.cookies, response, consent);
    const { visitorId, sessionId } = captured.context;
    return { visitorId, sessionId, isNewSession: captured.isNewSession };
  }

  current(): CapturedRequest | undefined {
    return this.fromHost() ?? this.local.getStore();
  }

  /** The request that was captured as this one. May throw on a hostile object. */
  known(source: object): CapturedRequest | undefined {
    const request = findRequest(source);
    return request && this.captured.get(keyOf(request));
  }

  /** What an `ExecutionContext`, a request or a GraphQL context can tell; the current request's if it is that one. */
  contextOf(source: object): RequestContext {
    return this.current()?.context ?? this.reader.read(source, this.clock.now());
  }

  private fromHost(): CapturedRequest | undefined {
    if (typeof this.capture === 'boolean') return undefined;
    try {
      const request = this.capture.current();
      return typeof request === 'object' && request !== null ? this.capturedOf(request) : undefined;
    } catch {
      // The host's function failed; then there is no request that we know of.
      return undefined;
    }
  }

  private capturedOf(request: object): LazyRequest {
    const key = keyOf(request);
    let captured = this.captured.get(key);
    if (captured === undefined) {
      captured = new LazyRequest(request, this.reader, this.clock.now());
      this.captured.set(key, captured);
    }
    return captured;
  }
}

/** Fastify wraps the request of the server, and a host may have either. */
function keyOf(request: object): object {
  const { raw } = request as { raw?: unknown };
  return typeof raw === 'object' && raw !== null ? raw : request;
}

/** Most requests track nothing, so nothing but the peer's address is read before somebody asks. */
class LazyRequest implements CapturedRequest {
  private read: RequestContext | undefined;
  private visit: Visit | undefined;
  private consent: Consent | undefined;
  private readonly written: CookieChange[] = [];

  constructor(
    readonly request: object,
    private readonly reader: RequestReader,
    private readonly receivedAtMs: number,
  ) {
    touchPeerAddress(request);
  }

  get context(): RequestContext {
    this.read ??= isWebhook(this.request)
      ? {}
      : withVisit(this.reader.read(this.request, this.receivedAtMs), this.consent, this.visit);
    return this.read;
  }

  get isGreeted(): boolean {
    return this.visit !== undefined;
  }

  get isNewSession(): boolean {
    return this.visit?.isNewSession === true;
  }

  greet(visitors: VisitorCookies, response: OutgoingResponse, consent: Consent | undefined): void {
    if (isWebhook(this.request)) return;
    const { request, receivedAtMs, written } = this;
    const visit = visitors.greet(request, response, consent, receivedAtMs, written);
    this.read = undefined;
    this.consent = consent;
    if (visit === undefined) return;
    written.push(...visit.changes);
    const isNewSession = visit.isNewSession || this.isNewSession;
    this.visit = { ...visit, isNewSession };
  }
}

/** What was just written to the browser is known as if it had come from there, and what was refused is not. */
function withVisit(
  context: RequestContext,
  consent: Consent | undefined,
  visit: Visit | undefined,
): RequestContext {
  if (consent === undefined) return context;
  const { visitorId, sessionId, clickIds, ...others } = context;
  const known: KnownVisitor = visit ?? { visitorId, sessionId };
  const isRefused = consent.analyticsStorage === 'denied';
  const allClickIds = { ...clickIds, ...visit?.clickIds };
  return {
    ...others,
    consent,
    ...(Object.keys(allClickIds).length > 0 && { clickIds: allClickIds }),
    ...(!isRefused && known.visitorId !== undefined && { visitorId: known.visitorId }),
    ...(!isRefused && known.sessionId !== undefined && { sessionId: known.sessionId }),
  };
}

/** Node keeps the address of a peer that was asked for once; of a connection that is gone nobody knows it. */
function touchPeerAddress(request: object): unknown {
  try {
    const { socket, raw } = request as {
      socket?: { remoteAddress?: unknown };
      raw?: { socket?: { remoteAddress?: unknown } };
    };
    return (raw?.socket ?? socket)?.remoteAddress;
  } catch {
    return undefined;
  }
}

/** Headers by which services sign what they post to a webhook. */
const WEBHOOK_SIGNATURES = [
  'stripe-signature',
  'webhook-signature', // Standard Webhooks
  'svix-signature',
  'paypal-transmission-sig',
  'x-shopify-hmac-sha256',
  'x-hub-signature-256',
  'x-twilio-signature',
  'paddle-signature',
  'x-wc-webhook-signature',
  'hmac-signature', // Adyen
  'x-square-hmacsha256-signature',
];

/** A server's request is no visitor's: its address and its user agent say nothing of the buyer. */
function isWebhook(request: object): boolean {
  try {
    const parts = requestParts(request);
    return (
      parts !== undefined && WEBHOOK_SIGNATURES.some((name) => header(parts, name) !== undefined)
    );
  } catch {
    return false;
  }
}
