import type { Socket } from 'node:net';

import type { buildConnector, Client, Dispatcher } from 'undici';

import { AbortCalls } from './abort-calls';
import { parseJson } from './answer-body';
import {
  IDLE_TIMEOUT_MS,
  MAX_IDLE_CONNECTIONS,
  type DirectWay,
  type HttpEndpoint,
} from './direct-way';
import type { HttpAnswer } from './http-answer';
import { codeOf, cutOffBy, didNotArrive } from './network-errors';
import { noAnswer, postOnceMore, STALE_CONNECTION } from './post-once-more';

/** The types of the package do not tell that a connector returns its socket. */
type Connect = (...args: Parameters<buildConnector.connector>) => Socket | undefined;

/** What is used of the package; it appears in nothing that we export. */
interface Undici {
  readonly Client: typeof Client;
  readonly buildConnector: typeof buildConnector;
}

/**
 * The direct way through undici, for half the price of `node:http`. The package is loaded here and now.
 *
 * @throws Error with the command that installs it.
 */
export async function openUndici(): Promise<DirectWay> {
  const undici = await loadUndici();
  const origins = new Map<string, Connections>();
  return {
    endpoint: (url, headers, maxAnswerBytes) => {
      let connections = origins.get(url.origin);
      if (connections === undefined) {
        connections = new Connections(undici, url.origin);
        origins.set(url.origin, connections);
      }
      return new UndiciEndpoint(connections, url, headers, maxAnswerBytes);
    },
    close: () => {
      for (const connections of origins.values()) connections.close();
    },
  };
}

/** By its files: the index sets a global dispatcher, and the host's own `fetch` would go through it. */
async function loadUndici(): Promise<Undici> {
  try {
    const client = await import('undici/lib/dispatcher/client.js');
    const connect = await import('undici/lib/core/connect.js');
    return { Client: defaultOf(client), buildConnector: defaultOf(connect) };
  } catch (cause) {
    throw new Error(
      'transport undici: needs the package undici (7 or 8), which could not be loaded. Run: npm install undici@7',
      { cause },
    );
  }
}

/** What import() finds of a CommonJS package depends on who compiled the caller. */
function defaultOf<Exported>(loaded: { default: Exported }): Exported {
  return (loaded as { default?: Exported }).default ?? (loaded as unknown as Exported);
}

/** The connections to one server: the one that was used last is taken first, so that the others can end. */
class Connections {
  private readonly idle: Connection[] = [];
  private readonly all = new Set<Connection>();
  private readonly connect: Connect;

  constructor(
    private readonly undici: Undici,
    private readonly origin: string,
  ) {
    // One connector for all of them, because it keeps the TLS sessions.
    this.connect = undici.buildConnector({ allowH2: false, timeout: IDLE_TIMEOUT_MS }) as Connect;
  }

  take(): Connection {
    const idle = this.idle.pop();
    if (idle !== undefined) return idle;
    const connection = new Connection(this.undici, this.origin, this.connect);
    this.all.add(connection);
    return connection;
  }

  giveBack(connection: Connection): void {
    if (this.idle.length >= MAX_IDLE_CONNECTIONS || !this.all.has(connection)) {
      this.discard(connection);
    } else {
      connection.wasUsed = true;
      this.idle.push(connection);
    }
  }

  discard(connection: Connection): void {
    this.all.delete(connection);
    connection.destroy();
  }

  close(): void {
    for (const connection of this.all) connection.destroy();
    this.all.clear();
    this.idle.length = 0;
  }
}

/** A client with one request at a time. It connects again by itself where the server closed meanwhile. */
class Connection {
  readonly client: Client;
  /** An answer came over the socket that it has now. */
  wasUsed = false;
  private connecting: Socket | undefined;

  constructor({ Client }: Undici, origin: string, connect: Connect) {
    this.client = new Client(origin, {
      pipelining: 1,
      // The deadline of the attempt holds for all of it.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: IDLE_TIMEOUT_MS,
      keepAliveMaxTimeout: IDLE_TIMEOUT_MS,
      connect: (options, callback) => {
        this.connecting = connect(options, (...result) => {
          this.connecting = undefined;
          callback(...result);
        });
      },
    });
    this.client.on('disconnect', () => {
      this.wasUsed = false;
    });
  }

  destroy(): void {
    // A client does not end the socket that it is still waiting for, and that would hold the process.
    this.connecting?.destroy();
    this.client.destroy(null, () => undefined);
  }
}

class UndiciEndpoint implements Required<HttpEndpoint> {
  private readonly path: string;
  private readonly headers: string[];

  constructor(
    private readonly connections: Connections,
    url: URL,
    headers: Readonly<Record<string, string>>,
    private readonly maxAnswerBytes: number,
  ) {
    this.path = url.pathname + url.search;
    this.headers = Object.entries(headers).flat();
  }

  post(body: Uint8Array, signal: AbortSignal, mayRepeat: () => boolean): Promise<HttpAnswer> {
    return postOnceMore(signal, mayRepeat, (answered) => {
      const exchange = new Exchange(this.connections, signal, this.maxAnswerBytes, answered);
      const { path, headers } = this;
      exchange.connection.client.dispatch({ method: 'POST', path, headers, body }, exchange);
    });
  }
}

const aborts = new AbortCalls();

/** One request and its answer, on a connection that is its own for so long. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly connection: Connection;
  /** Its first bytes are being written to a connection that stands. */
  private hasStarted = false;
  private isDone = false;
  private status = 0;
  private headers: Readonly<Record<string, string | string[] | undefined>> = {};
  private readonly chunks: Buffer[] = [];
  private bytes = 0;

  constructor(
    private readonly connections: Connections,
    private readonly signal: AbortSignal,
    private readonly maxAnswerBytes: number,
    private readonly tell: (answer: HttpAnswer) => void,
  ) {
    this.connection = connections.take();
    aborts.add(signal, this.onAbort);
  }

  onRequestStart(): void {
    this.hasStarted = true;
  }

  onResponseStart(
    _controller: unknown,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    this.status = status;
    this.headers = headers;
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.bytes <= this.maxAnswerBytes) {
      this.chunks.push(chunk);
    } else {
      // The status is known and the rest is not worth reading.
      this.breakOff(this.answered(undefined));
    }
  }

  onResponseEnd(): void {
    const [first, ...others] = this.chunks;
    const body = others.length === 0 ? first : Buffer.concat(this.chunks);
    const answer = this.answered(body === undefined ? undefined : parseJson(body.toString('utf8')));
    if (this.finish(answer)) this.connections.giveBack(this.connection);
  }

  onResponseError(_controller: unknown, error: Error): void {
    const code = sameWord(codeOf(error));
    const isStale =
      this.connection.wasUsed && this.status === 0 && (code === 'ECONNRESET' || code === 'EPIPE');
    this.breakOff(
      isStale ? STALE_CONNECTION : noAnswer(code, this.hasStarted && !didNotArrive(code)),
    );
  }

  private readonly onAbort = (): void => {
    this.breakOff(noAnswer(cutOffBy(this.signal), this.hasStarted));
  };

  private answered(json: unknown): HttpAnswer {
    return { kind: 'answered', status: this.status, headers: this.headers, json };
  }

  private breakOff(answer: HttpAnswer): void {
    if (this.finish(answer)) this.connections.discard(this.connection);
  }

  /** Whether this was the first word on it. */
  private finish(answer: HttpAnswer): boolean {
    if (this.isDone) return false;
    this.isDone = true;
    aborts.remove(this.signal, this.onAbort);
    this.tell(answer);
    return true;
  }
}

/** undici has a word of its own for a connection that the server closed. */
function sameWord(code: string): string {
  return code === 'UND_ERR_SOCKET' ? 'ECONNRESET' : code;
}
