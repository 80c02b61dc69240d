import type { HttpService } from '@nestjs/axios';

import { axiosPost } from './axios-post';
import type { DirectWay, HttpEndpoint } from './direct-way';

export type { HttpEndpoint } from './direct-way';

/** Beyond this an answer is not read: every platform answers in a few hundred bytes. */
export const MAX_ANSWER_BYTES = 1_048_576;

/**
 * All outgoing HTTP. It stands on Nest's `HttpService`, so that a host's interceptors see every
 * request; where there are none to serve, it takes the direct way: `node:http`, which costs a fifth (see
 * docs/adr/0003), or undici where the host chose it (docs/adr/0012).
 */
export class HttpTransport {
  constructor(
    private readonly http: HttpService,
    private readonly direct: DirectWay,
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
    const direct = this.direct.endpoint(new URL(url), allHeaders, MAX_ANSWER_BYTES);
    return {
      post: (body, signal, mayRepeat = always) =>
        this.isHostService || hasInterceptors(this.http)
          ? axiosPost(this.http.axiosRef, url, allHeaders, body, signal, MAX_ANSWER_BYTES)
          : direct.post(body, signal, mayRepeat),
    };
  }

  /** Closes the connections of the direct way. */
  close(): void {
    this.direct.close();
  }
}

function always(): boolean {
  return true;
}

function hasInterceptors({ axiosRef }: HttpService): boolean {
  return hasHandlers(axiosRef.interceptors.request) || hasHandlers(axiosRef.interceptors.response);
}

/** Axios keeps an ejected handler's place as `null`. A version that keeps them elsewhere counts as having some. */
function hasHandlers(manager: unknown): boolean {
  const { handlers } = manager as { handlers?: unknown };
  return Array.isArray(handlers) ? handlers.some((handler) => handler !== null) : true;
}
