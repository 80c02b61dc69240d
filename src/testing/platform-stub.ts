import * as http from 'node:http';
import type { AddressInfo } from 'node:net';

import type { TrackingModuleOptions } from '../tracking.options';
import { answerOf, platformOf, type PlatformBehavior, type PlatformName } from './platform-answers';

/** A request as it arrived. */
export interface ReceivedRequest {
  readonly platform: PlatformName | undefined;
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<http.IncomingHttpHeaders>;
  /** The bytes of the body as text. */
  readonly text: string;
  /** The body as JSON, or `undefined` if it is none. */
  readonly json: unknown;
  /** What the stub did with it. */
  readonly behavior: PlatformBehavior['kind'];
}

const SUCCESS: PlatformBehavior = { kind: 'success' };

/**
 * Meta, TikTok, GA4 and a GTM container on one real HTTP server, answering as they document it. Records
 * every request and can be told to fail in the ways that they fail.
 */
export class PlatformStub {
  readonly requests: ReceivedRequest[] = [];
  private readonly behaviors = new Map<PlatformName, PlatformBehavior>();
  private readonly scripts = new Map<PlatformName, PlatformBehavior[]>();
  private readonly arrivals = new Set<() => void>();
  private readonly timers = new Set<NodeJS.Timeout>();

  private constructor(private readonly server: http.Server) {}

  /** @param port default: any free one, on 127.0.0.1. */
  static async start(port = 0): Promise<PlatformStub> {
    const server = http.createServer();
    const stub = new PlatformStub(server);
    server.on('request', (request, response) => {
      stub.receive(request, response);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return stub;
  }

  /** Origin of the server; each platform has its own path below it, see `options()`. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Options of the module that point every platform here, with credentials that look real. */
  options(): Required<Pick<TrackingModuleOptions, 'meta' | 'tiktok' | 'ga4' | 'serverGtm'>> {
    return {
      meta: { pixelId: '1234567890123456', accessToken: 'EAAtokenexample', baseUrl: this.url },
      tiktok: {
        pixelId: 'C0EXAMPLEPIXEL',
        accessToken: 'tiktok-token-example',
        baseUrl: `${this.url}/open_api`,
      },
      ga4: { measurementId: 'G-EXAMPLE1', apiSecret: 'ga4-secret-example', baseUrl: this.url },
      serverGtm: { containerUrl: `${this.url}/gtm`, measurementId: 'G-EXAMPLE2' },
    };
  }

  /** The same as environment variables. */
  env(): Record<string, string> {
    return {
      META_PIXEL_ID: '1234567890123456',
      META_CONVERSIONS_API_ACCESS_TOKEN: 'EAAtokenexample',
      META_BASE_URL: this.url,
      TIKTOK_PIXEL_ID: 'C0EXAMPLEPIXEL',
      TIKTOK_EVENTS_API_ACCESS_TOKEN: 'tiktok-token-example',
      TIKTOK_BASE_URL: `${this.url}/open_api`,
      GA4_MEASUREMENT_ID: 'G-EXAMPLE1',
      GA4_API_SECRET: 'ga4-secret-example',
      GA4_BASE_URL: this.url,
      GTM_SERVER_CONTAINER_URL: `${this.url}/gtm`,
      GTM_MEASUREMENT_ID: 'G-EXAMPLE2',
    };
  }

  /** From now on the platform behaves so. */
  behave(platform: PlatformName, behavior: PlatformBehavior): void {
    this.behaviors.set(platform, behavior);
  }

  /** The next requests get these, one each; then the standing behaviour holds again. */
  script(platform: PlatformName, ...behaviors: readonly PlatformBehavior[]): void {
    this.scripts.set(platform, [...(this.scripts.get(platform) ?? []), ...behaviors]);
  }

  /** What arrived for one platform, in order. */
  requestsTo(platform: PlatformName): readonly ReceivedRequest[] {
    return this.requests.filter((request) => request.platform === platform);
  }

  /** Every event that a platform took, over all requests that it answered well. */
  eventsAt(platform: PlatformName): readonly Record<string, unknown>[] {
    return this.requestsTo(platform)
      .filter(({ behavior }) => behavior === 'success' || behavior === 'slow')
      .flatMap(({ json }) => {
        const body = json as
          { data?: Record<string, unknown>[]; events?: Record<string, unknown>[] } | undefined;
        return body?.data ?? body?.events ?? [];
      });
  }

  /** Resolves when so many requests have arrived for the platform; rejects when the time is up. */
  async waitFor(
    platform: PlatformName,
    count = 1,
    timeoutMs = 5_000,
  ): Promise<readonly ReceivedRequest[]> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.arrivals.delete(check);
        reject(
          new Error(
            `${platform}: expected ${count} request(s), got ${this.requestsTo(platform).length}`,
          ),
        );
      }, timeoutMs);
      const check = () => {
        if (this.requestsTo(platform).length < count) return;
        clearTimeout(timer);
        this.arrivals.delete(check);
        resolve();
      };
      this.arrivals.add(check);
      check();
    });
    return this.requestsTo(platform);
  }

  /** Forgets what arrived and behaves well again. */
  reset(): void {
    this.requests.length = 0;
    this.behaviors.clear();
    this.scripts.clear();
  }

  async close(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => {
        resolve();
      });
    });
    this.server.closeAllConnections();
    await closed;
  }

  private receive(request: http.IncomingMessage, response: http.ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const platform = platformOf(request);
      const behavior = platform === undefined ? SUCCESS : this.nextBehavior(platform);
      this.requests.push({
        platform,
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        text,
        json: parse(text),
        behavior: behavior.kind,
      });
      for (const check of [...this.arrivals]) check();
      this.respond(platform, behavior, request, response, parse(text));
    });
  }

  private nextBehavior(platform: PlatformName): PlatformBehavior {
    return this.scripts.get(platform)?.shift() ?? this.behaviors.get(platform) ?? SUCCESS;
  }

  private respond(
    platform: PlatformName | undefined,
    behavior: PlatformBehavior,
    request: http.IncomingMessage,
    response: http.ServerResponse,
    body: unknown,
  ): void {
    if (platform === undefined) {
      response.writeHead(404).end();
      return;
    }
    if (behavior.kind === 'reset') {
      request.socket.destroy();
      return;
    }
    if (behavior.kind === 'flood') {
      this.flood(response, behavior.bytes);
      return;
    }
    const answer = answerOf(platform, behavior, body, request.url?.includes('/debug/') === true);
    if (answer === undefined) return;
    const { headersAfterMs = 0, bodyAfterMs = 0 } = behavior.kind === 'slow' ? behavior : {};
    this.later(headersAfterMs, () => {
      response.writeHead(answer.status, answer.headers);
      if (bodyAfterMs > 0) response.flushHeaders();
      this.later(bodyAfterMs, () => {
        response.end(answer.body);
      });
    });
  }

  private flood(response: http.ServerResponse, bytes: number): void {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    const chunk = Buffer.alloc(65_536, 0x20);
    let left = bytes;
    const write = () => {
      while (left > 0 && !response.destroyed) {
        left -= chunk.length;
        if (!response.write(chunk)) {
          response.once('drain', write);
          return;
        }
      }
      response.end();
    };
    response.on('error', () => undefined);
    write();
  }

  private later(delayMs: number, action: () => void): void {
    if (delayMs === 0) {
      action();
      return;
    }
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      action();
    }, delayMs);
    this.timers.add(timer);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
