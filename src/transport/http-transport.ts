import type { HttpService } from '@nestjs/axios';

import { axiosPost } from './axios-post';
import type { HttpAnswer } from './http-answer';
import { LeanEndpoint, type LeanAgents } from './lean-post';

/** One URL that is posted to again and again. */
export interface HttpEndpoint {
  /**
   * Posts a JSON text. Never rejects, follows no redirect, reads no endless body.
   *
   * @param isRepeatable whether a second copy does no harm: then a request that met a connection which the
   *   server was closing is sent again at once.
   */
  post(body: string, signal: AbortSignal, isRepeatable?: boolean): Promise<HttpAnswer>;
}

/** Beyond this an answer is not read: every platform answers in a few hundred bytes. */
export const MAX_ANSWER_BYTES = 1_048_576;

/**
 * All outgoing HTTP. It stands on Nest's `HttpService`, so that a host's interceptors see every
 * request; where there are none to serve, it takes the direct way through `node:http`, which costs a
 * fifth (see docs/adr/0003).
 */
export class HttpTransport {
  constructor(
    private readonly http: HttpService,
    private readonly agents: LeanAgents,
    /** The host brought its own `HttpService`: its adapter, agents and proxy are honoured. */
    private readonly isHostService: boolean,
  ) {}

  /** @param url may hold a secret; it is never printed. */
  endpoint(url: string, headers: Readonly<Record<string, string>>): HttpEndpoint {
    const allHeaders = {
      ...headers,
      'Content-Type': 'application/json',
      Accept: 'application/json',
    };
    const lean = new LeanEndpoint(new URL(url), allHeaders, this.agents, MAX_ANSWER_BYTES);
    return {
      post: (body, signal, isRepeatable = true) =>
        this.isHostService || hasInterceptors(this.http)
          ? axiosPost(this.http.axiosRef, url, allHeaders, body, signal, MAX_ANSWER_BYTES)
          : lean.post(body, signal, isRepeatable),
    };
  }

  /** Closes idle connections. */
  close(): void {
    this.agents.http.destroy();
    this.agents.https.destroy();
  }
}

function hasInterceptors({ axiosRef }: HttpService): boolean {
  return hasHandlers(axiosRef.interceptors.request) || hasHandlers(axiosRef.interceptors.response);
}

/** Axios keeps an ejected handler's place as `null`. A version that keeps them elsewhere counts as having some. */
function hasHandlers(manager: unknown): boolean {
  const { handlers } = manager as { handlers?: unknown };
  return Array.isArray(handlers) ? handlers.some((handler) => handler !== null) : true;
}
