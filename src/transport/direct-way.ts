import type { HttpAnswer } from './http-answer';

/** One URL that is posted to again and again. */
export interface HttpEndpoint {
  /**
   * Posts the UTF-8 of a JSON text. Never rejects, follows no redirect, reads no endless body.
   *
   * @param mayRepeat whether a second copy does no harm: then a request that met a connection which the
   *   server was closing is sent again at once.
   */
  post(body: Uint8Array, signal: AbortSignal, mayRepeat?: () => boolean): Promise<HttpAnswer>;
}

/** The way a request takes where no `HttpService` has to see it. */
export interface DirectWay {
  /** @param headers in the order in which they are sent. */
  endpoint(
    url: URL,
    headers: Readonly<Record<string, string>>,
    maxAnswerBytes: number,
  ): Required<HttpEndpoint>;
  /** Closes its connections. */
  close(): void;
}

/** At most so many idle connections are kept for one server. */
export const MAX_IDLE_CONNECTIONS = 16;

/** Idle ones are closed before most servers would. */
export const IDLE_TIMEOUT_MS = 30_000;
