import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { INestApplication } from '@nestjs/common';
import { ServerTrackingService, TrackingModule } from 'nestjs-server-tracking';
import { aContext, aPurchase, aUser } from 'nestjs-server-tracking/testing';

import { RecordingLogger } from './support/recording-logger';
import { startApp } from './support/start-app';

const SETTLED = { until: 'settled' } as const;

/** GA4 counts everything but purchases twice that it gets twice. */
describe.each(['http', 'undici'] as const)('GA4 through %s', (transport) => {
  let respond: RequestListener;
  let server: Server;
  let app: INestApplication;
  const seen: string[] = [];

  beforeEach(async () => {
    seen.length = 0;
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { events } = JSON.parse(Buffer.concat(chunks).toString()) as {
          events: { name: string }[];
        };
        seen.push(...events.map(({ name }) => name));
        respond(request, response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const ga4 = { measurementId: 'G-EXAMPLE1', apiSecret: 'secret', baseUrl };
    ({ app } = await startApp('express', {
      imports: [TrackingModule.forRoot({ ga4, transport, logger: new RecordingLogger() })],
    }));
  });

  afterEach(async () => {
    await app.close();
    server.closeAllConnections();
    server.close();
  });

  it('sends once more what met a connection that broke, where that is a purchase', async () => {
    const tracking = app.get(ServerTrackingService);
    const login = (eventId: string) =>
      tracking.trackLogin({ eventId, user: aUser(), context: aContext() }, SETTLED);
    respond = (_request, response) => response.writeHead(204).end();
    expect((await login('l-1')).destinations).toEqual({ ga4: { kind: 'delivered' } });

    const breakOnce: RequestListener = (request) => {
      respond = (_request, response) => response.writeHead(204).end();
      request.socket.resetAndDestroy();
    };
    respond = breakOnce;
    expect((await login('l-2')).destinations).toMatchObject({ ga4: { kind: 'dead-lettered' } });
    expect(seen).toEqual(['login', 'login']);

    expect((await login('l-3')).destinations).toEqual({ ga4: { kind: 'delivered' } });
    respond = breakOnce;
    const bought = await tracking.trackPurchase(aPurchase(), SETTLED);
    expect(bought.destinations).toEqual({ ga4: { kind: 'delivered' } });
    expect(seen.slice(3)).toEqual(['purchase', 'purchase']);
  });
});
