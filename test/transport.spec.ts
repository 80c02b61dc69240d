import * as http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import { HttpService } from '@nestjs/axios';

import { HttpTransport } from '../src/transport/http-transport';
import { openNodeHttp } from '../src/transport/lean-post';
import { openUndici } from '../src/transport/undici-post';

/** Each way a request can take: the direct ones, and axios for hosts with a service of their own. */
describe.each([
  ['node:http', openNodeHttp, false],
  ['undici', openUndici, false],
  ['axios', openNodeHttp, true],
])('HttpTransport over %s', (_way, open, isHostService) => {
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
    transport = new HttpTransport(new HttpService(), await open(), isHostService);
  });

  afterAll(() => {
    transport.close();
    server.closeAllConnections();
    server.close();
  });

  const post = (timeoutMs = 5_000) =>
    transport
      .endpoint(url, { 'X-Key': 'k' })
      .post(Buffer.from('{"a":"é"}'), AbortSignal.timeout(timeoutMs));

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
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([...sockets].filter((socket) => !socket.destroyed && socket.bytesWritten === 0)).toEqual(
      [],
    );
  });

  it('says whether the deadline ended a request, or a shutdown', async () => {
    respond = () => undefined;
    expect(await post(20)).toEqual({
      kind: 'no-answer',
      reason: 'no answer within the deadline',
      mayHaveArrived: true,
    });
    const controller = new AbortController();
    respond = () => {
      controller.abort();
    };
    const cutOff = transport.endpoint(url, {}).post(Buffer.from('{}'), controller.signal);
    expect(await cutOff).toEqual({
      kind: 'no-answer',
      reason: 'cut off, because the application shut down',
      mayHaveArrived: true,
    });
  });

  it('says that nothing arrived where nobody listens', async () => {
    const answer = await transport
      .endpoint('http://127.0.0.1:9/x?secret=s3cret', {})
      .post(Buffer.from('{}'), AbortSignal.timeout(2_000));
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

describe.each([
  ['node:http', openNodeHttp],
  ['undici', openUndici],
])('the direct way through %s', (_way, open) => {
  let respond: http.RequestListener;
  let connections: Socket[];
  let server: http.Server;
  let transport: HttpTransport;
  let url: string;

  beforeEach(async () => {
    connections = [];
    respond = (_request, response) => response.end('{}');
    server = http.createServer((request, response) => {
      request.resume();
      request.on('end', () => respond(request, response));
    });
    server.on('connection', (socket) => connections.push(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    transport = new HttpTransport(new HttpService(), await open(), false);
  });

  afterEach(() => {
    transport.close();
    server.closeAllConnections();
    server.close();
  });

  const post = (isRepeatable = true, signal = AbortSignal.timeout(2_000)) =>
    transport.endpoint(url, {}).post(Buffer.from('{}'), signal, () => isRepeatable);

  it('keeps a connection alive, and gets over one that the server closed meanwhile', async () => {
    for (let turn = 0; turn < 5; turn += 1)
      expect(await post()).toMatchObject({ kind: 'answered' });
    expect(connections).toHaveLength(1);
    server.closeIdleConnections();
    expect(await post()).toMatchObject({ kind: 'answered' });
    expect(connections).toHaveLength(2);
  });

  it('opens another connection where the server wants it so', async () => {
    respond = (_request, response) => response.setHeader('Connection', 'close').end('{}');
    for (let turn = 0; turn < 3; turn += 1)
      expect(await post(false)).toMatchObject({ kind: 'answered' });
    expect(connections).toHaveLength(3);
  });

  it('has a connection for each request that is under way', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => post()));
    expect(answers).toEqual(
      new Array(40).fill(expect.objectContaining({ kind: 'answered', json: {} })),
    );
    expect(connections.length).toBeLessThanOrEqual(40);
  });

  it.each([
    ['once more where a copy does no harm', true, 'answered', 3],
    ['once where it might', false, 'no-answer', 2],
  ])('sends what met a kept connection that breaks %s', async (_rule, isRepeatable, kind, seen) => {
    let requests = 0;
    respond = (request, response) => {
      requests += 1;
      if (requests === 2) request.socket.resetAndDestroy();
      else response.end('{}');
    };
    await post();
    expect(await post(isRepeatable)).toMatchObject({ kind });
    expect(requests).toBe(seen);
  });

  it('sends once what a new connection broke, and says in the same words what happened', async () => {
    let requests = 0;
    respond = (request) => {
      requests += 1;
      request.socket.destroy();
    };
    expect(await post()).toEqual({
      kind: 'no-answer',
      reason: 'ECONNRESET',
      mayHaveArrived: true,
    });
    expect(requests).toBe(1);
  });

  it('sends nothing after the deadline', async () => {
    expect(await post(true, AbortSignal.abort())).toMatchObject({
      kind: 'no-answer',
      mayHaveArrived: false,
    });
    expect(connections).toEqual([]);
  });

  it('survives an answer that is no HTTP', async () => {
    respond = (request) => request.socket.end('nonsense\r\n\r\n');
    expect(await post()).toMatchObject({ kind: 'no-answer', mayHaveArrived: true });
    respond = (_request, response) => response.end('{}');
    expect(await post()).toMatchObject({ kind: 'answered' });
  });

  it('leaves no connection behind when it is closed', async () => {
    await Promise.all(Array.from({ length: 5 }, () => post()));
    const hanging = (async () => {
      respond = () => undefined;
      return post(false, AbortSignal.timeout(10_000));
    })();
    await new Promise((resolve) => setTimeout(resolve, 20));
    transport.close();
    expect(await hanging).toMatchObject({ kind: 'no-answer' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(connections.filter(({ destroyed }) => !destroyed)).toEqual([]);
  });
});

describe('undici', () => {
  it('leaves the global dispatcher to the host', async () => {
    await openUndici();
    const dispatchers = ['1', '2'].map(
      (version) =>
        (globalThis as Record<symbol, unknown>)[Symbol.for(`undici.globalDispatcher.${version}`)],
    );
    expect(dispatchers).toEqual([undefined, undefined]);
  });
});
