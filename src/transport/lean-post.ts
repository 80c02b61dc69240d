import * as http from 'node:http';
import * as https from 'node:https';

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

interface LeanAgents {
  readonly http: http.Agent;
  readonly https: https.Agent;
}

/** The direct way through `node:http`, with keep-alive connections of its own. */
export function openNodeHttp(): DirectWay {
  const options = {
    keepAlive: true,
    maxSockets: 64,
    maxFreeSockets: MAX_IDLE_CONNECTIONS,
    scheduling: 'lifo',
    timeout: IDLE_TIMEOUT_MS,
  } as const;
  const agents = { http: new http.Agent(options), https: new https.Agent(options) };
  return {
    endpoint: (url, headers, maxAnswerBytes) =>
      new LeanEndpoint(url, headers, agents, maxAnswerBytes),
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

const aborts = new AbortCalls();

/** Posts through `node:http` with the URL taken apart once, because this is the price of a GA4 event. */
class LeanEndpoint implements Required<HttpEndpoint> {
  private readonly options: http.RequestOptions;
  private readonly request: typeof http.request;
  /** Names and values in turn: Node writes such a list as it is, without looking each of them up. */
  private readonly headers: readonly string[];

  constructor(
    url: URL,
    headers: Readonly<Record<string, string>>,
    agents: LeanAgents,
    private readonly maxAnswerBytes: number,
  ) {
    const isSecure = url.protocol === 'https:';
    const hostname = url.hostname.replace(/^\[|\]$/g, '');
    this.request = isSecure ? https.request : http.request;
    this.headers = ['Host', url.host, ...Object.entries(headers).flat()];
    this.options = {
      method: 'POST',
      hostname,
      port: url.port === '' ? undefined : Number(url.port),
      path: url.pathname + url.search,
      agent: isSecure ? agents.https : agents.http,
    };
  }

  post(body: Uint8Array, signal: AbortSignal, mayRepeat: () => boolean): Promise<HttpAnswer> {
    return postOnceMore(signal, mayRepeat, (answered) => {
      this.postOnce(body, signal, answered);
    });
  }

  private postOnce(
    body: Uint8Array,
    signal: AbortSignal,
    answered: (answer: HttpAnswer) => void,
  ): void {
    const request = this.request({
      ...this.options,
      headers: [...this.headers, 'Content-Length', String(body.length)],
    });
    let isDone = false;
    const finish = (answer: HttpAnswer) => {
      if (isDone) return;
      isDone = true;
      aborts.remove(signal, onAbort);
      answered(answer);
    };
    const onAbort = () => {
      finish(noAnswer(cutOffBy(signal), hasSent(request)));
      request.destroy();
    };
    aborts.add(signal, onAbort);
    request.on('error', (error) => {
      const code = codeOf(error);
      const isStale = request.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
      finish(isStale ? STALE_CONNECTION : noAnswer(code, hasSent(request) && !didNotArrive(code)));
    });
    request.on('response', (response) => {
      this.read(response, finish);
    });
    request.end(body);
  }

  private read(response: http.IncomingMessage, finish: (answer: HttpAnswer) => void): void {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const answered = (json: unknown): HttpAnswer => ({
      kind: 'answered',
      status: response.statusCode ?? 0,
      headers: response.headers,
      json,
    });
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > this.maxAnswerBytes) {
        // The status is known and the rest is not worth reading.
        finish(answered(undefined));
        response.destroy();
      } else {
        chunks.push(chunk);
      }
    });
    response.on('end', () => {
      finish(answered(bytes === 0 ? undefined : parseJson(Buffer.concat(chunks).toString('utf8'))));
    });
    response.on('error', (error) => {
      finish(noAnswer(codeOf(error), true));
    });
  }
}

/** Whether anything left on a connection that stood. */
function hasSent({ socket }: http.ClientRequest): boolean {
  // There is none while the request waits for a free connection.
  return socket !== null && !socket.connecting && socket.bytesWritten > 0;
}
