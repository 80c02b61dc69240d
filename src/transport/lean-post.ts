import * as http from 'node:http';
import * as https from 'node:https';

import { parseJson } from './answer-body';
import type { HttpAnswer } from './http-answer';
import { codeOf, didNotArrive } from './network-errors';

export interface LeanAgents {
  readonly http: http.Agent;
  readonly https: https.Agent;
}

/** Keep-alive connections of one transport; idle ones are closed before most servers would. */
export function createAgents(): LeanAgents {
  const options = {
    keepAlive: true,
    maxSockets: 64,
    maxFreeSockets: 16,
    scheduling: 'lifo',
    timeout: 30_000,
  } as const;
  return { http: new http.Agent(options), https: new https.Agent(options) };
}

/** Posts through `node:http` with the URL taken apart once, because this is the price of a GA4 event. */
export class LeanEndpoint {
  private readonly options: http.RequestOptions;
  private readonly request: typeof http.request;

  constructor(
    url: URL,
    private readonly headers: Readonly<Record<string, string>>,
    agents: LeanAgents,
    private readonly maxAnswerBytes: number,
  ) {
    const isSecure = url.protocol === 'https:';
    this.request = isSecure ? https.request : http.request;
    this.options = {
      method: 'POST',
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? undefined : Number(url.port),
      path: url.pathname + url.search,
      agent: isSecure ? agents.https : agents.http,
    };
  }

  async post(body: string, signal: AbortSignal): Promise<HttpAnswer> {
    const answer = await this.postOnce(body, signal);
    // The server closed the idle connection while we wrote to it: this says nothing of the platform.
    return answer === STALE_CONNECTION ? withoutStale(await this.postOnce(body, signal)) : answer;
  }

  private postOnce(body: string, signal: AbortSignal): Promise<HttpAnswer> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve({ kind: 'no-answer', reason: 'cut off before it was sent', mayHaveArrived: false });
        return;
      }
      const request = this.request({
        ...this.options,
        headers: { ...this.headers, 'Content-Length': Buffer.byteLength(body) },
      });
      let wasConnected = false;
      let isDone = false;
      const finish = (answer: HttpAnswer) => {
        if (isDone) return;
        isDone = true;
        signal.removeEventListener('abort', onAbort);
        resolve(answer);
      };
      const onAbort = () => {
        finish({
          kind: 'no-answer',
          reason: 'no answer within the deadline',
          mayHaveArrived: wasConnected,
        });
        request.destroy();
      };
      signal.addEventListener('abort', onAbort);
      request.on('socket', (socket) => {
        if (socket.connecting)
          socket.once(
            this.request === https.request ? 'secureConnect' : 'connect',
            () => (wasConnected = true),
          );
        else wasConnected = true;
      });
      request.on('error', (error) => {
        const code = codeOf(error);
        if (request.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE')) {
          finish(STALE_CONNECTION);
        } else {
          finish({
            kind: 'no-answer',
            reason: code,
            mayHaveArrived: wasConnected && !didNotArrive(code),
          });
        }
      });
      request.on('response', (response) => {
        this.read(response, finish);
      });
      request.end(body);
    });
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
      finish({ kind: 'no-answer', reason: codeOf(error), mayHaveArrived: true });
    });
    response.on('close', () => {
      finish({ kind: 'no-answer', reason: 'the answer broke off', mayHaveArrived: true });
    });
  }
}

const STALE_CONNECTION: HttpAnswer = {
  kind: 'no-answer',
  reason: 'ECONNRESET',
  mayHaveArrived: false,
};
const BROKEN_CONNECTION: HttpAnswer = { ...STALE_CONNECTION, mayHaveArrived: true };

/** Twice in a row is no coincidence: report it as what it looks like. */
function withoutStale(answer: HttpAnswer): HttpAnswer {
  return answer === STALE_CONNECTION ? BROKEN_CONNECTION : answer;
}
