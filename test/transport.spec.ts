import * as http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import { HttpService } from '@nestjs/axios';

import { HttpTransport } from '../src/transport/http-transport';
import { createAgents } from '../src/transport/lean-post';

/** Both ways a request can take: the direct one, and axios for hosts with a service of their own. */
describe.each([
  ['node:http', false],
  ['axios', true],
])('HttpTransport over %s', (_way, isHostService) => {
  const sockets = new Set<Socket>();
  let respond: http.RequestListener;
  let server: http.Server;
  let transport: HttpTransport;
  let url: string;

  beforeAll(async () => {
    server = http.createServer((request, response) => {
      request.resume();
      request.on('end', () => respond(request, response));
    });
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/path?secret=s3cret`;
    transport = new HttpTransport(new HttpService(), createAgents(), isHostService);
  });

  afterAll(() => {
    transport.close();
    server.closeAllConnections();
    server.close();
  });

  const post = (timeoutMs = 5_000) =>
    transport.endpoint(url, { 'X-Key': 'k' }).post('{"a":"é"}', AbortSignal.timeout(timeoutMs));

  it('reads status, headers and JSON', async () => {
    respond = (_request, response) =>
      response.writeHead(429, { 'Retry-After': '5' }).end('{"ok":1}');
    expect(await post()).toMatchObject({
      kind: 'answered',
      status: 429,
      headers: { 'retry-after': '5' },
      json: { ok: 1 },
    });
  });

  it.each(['', '<html>', '{"broken', 'null'])('reads the body %j as no JSON', async (body) => {
    respond = (_request, response) => response.end(body);
    expect(await post()).toMatchObject({ kind: 'answered', status: 200, json: undefined });
  });

  it('sends the bytes and headers that it was given', async () => {
    let received: http.IncomingHttpHeaders = {};
    respond = (request, response) => {
      received = request.headers;
      response.end('{}');
    };
    await post();
    expect(received).toMatchObject({
      'x-key': 'k',
      'content-type': 'application/json',
      'content-length': '10',
    });
  });

  it('follows no redirect', async () => {
    let requests = 0;
    respond = (_request, response) => {
      requests += 1;
      response.writeHead(302, { Location: url }).end();
    };
    expect(await post()).toMatchObject({ kind: 'answered', status: 302 });
    expect(requests).toBe(1);
  });

  it.each<[string, http.RequestListener]>([
    ['no headers', () => undefined],
    ['headers and no body', (_request, response) => response.writeHead(200).flushHeaders()],
    [
      'a body that drips',
      (_request, response) => {
        response.writeHead(200);
        const drip = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(drip));
      },
    ],
  ])('ends at the deadline with %s, and leaves no socket', async (_name, listener) => {
    respond = listener;
    const startedAt = performance.now();
    expect(await post(200)).toMatchObject({ kind: 'no-answer', mayHaveArrived: true });
    expect(performance.now() - startedAt).toBeLessThan(450);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([...sockets].filter((socket) => !socket.destroyed && socket.bytesWritten === 0)).toEqual(
      [],
    );
  });

  it('says that nothing arrived where nobody listens', async () => {
    const answer = await transport
      .endpoint('http://127.0.0.1:9/x?secret=s3cret', {})
      .post('{}', AbortSignal.timeout(2_000));
    expect(answer).toEqual({ kind: 'no-answer', reason: 'ECONNREFUSED', mayHaveArrived: false });
  });

  it('reads at most a megabyte', async () => {
    respond = (_request, response) => {
      response.on('error', () => undefined);
      response.end(Buffer.alloc(20 * 1_048_576, 0x20));
    };
    const answer = await post();
    expect(answer.kind === 'answered' ? answer.json : undefined).toBeUndefined();
  });

  it('prints no secret in any failure', async () => {
    respond = (request) => request.socket.destroy();
    expect(JSON.stringify(await post())).not.toContain('s3cret');
  });
});

describe('the direct way', () => {
  it('keeps a connection alive, and gets over one that the server closed meanwhile', async () => {
    let connections = 0;
    const server = http.createServer((request, response) => {
      request.resume();
      request.on('end', () => response.end('{}'));
    });
    server.on('connection', () => (connections += 1));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const transport = new HttpTransport(new HttpService(), createAgents(), false);
    const endpoint = transport.endpoint(
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      {},
    );
    const post = () => endpoint.post('{}', AbortSignal.timeout(2_000));
    for (let turn = 0; turn < 5; turn += 1)
      expect(await post()).toMatchObject({ kind: 'answered' });
    expect(connections).toBe(1);
    server.closeIdleConnections();
    expect(await post()).toMatchObject({ kind: 'answered' });
    expect(connections).toBe(2);
    transport.close();
    server.close();
  });
});
