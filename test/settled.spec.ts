import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { INestApplication } from '@nestjs/common';
import { ServerTrackingService, TrackingModule } from 'nestjs-server-tracking';
import { aContext, aRegistration, aUser } from 'nestjs-server-tracking/testing';

import { ENCRYPTION_KEY } from './support/encryption';
import { RecordingLogger } from './support/recording-logger';
import { startApp } from './support/start-app';

const VISITORS = 5;

/** Each visitor's events have a request of their own at GA4, and all of these are handed over together. */
describe.each(['memory:', 'file:'])('What GA4 has answered, in %s', (storage) => {
  const answers = new Map<string, ServerResponse>();
  let server: Server;
  let app: INestApplication;
  let folder: string;

  beforeEach(async () => {
    answers.clear();
    folder = await mkdtemp(join(tmpdir(), 'settled-'));
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { user_id } = JSON.parse(Buffer.concat(chunks).toString()) as { user_id: string };
        answers.set(user_id, response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    ({ app } = await startApp('express', {
      imports: [
        TrackingModule.forRoot({
          ga4: { measurementId: 'G-EXAMPLE1', apiSecret: 'secret', baseUrl },
          storage: storage === 'file:' ? `file:${join(folder, 'tracking.db')}` : storage,
          encryptionKey: ENCRYPTION_KEY,
          logger: new RecordingLogger(),
        }),
      ],
    }));
  });

  afterEach(async () => {
    await app.close();
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('settles while others that were handed over with it wait for their answers', async () => {
    const tracking = app.get(ServerTrackingService);
    const settled: string[] = [];
    const calls = Array.from({ length: VISITORS }, async (_unused, index) => {
      const id = `visitor-${index}`;
      const receipt = await tracking.trackRegistration(
        aRegistration({ eventId: id, user: aUser({ id }), context: aContext() }),
        { until: 'settled' },
      );
      expect(receipt.destinations).toEqual({ ga4: { kind: 'delivered' } });
      settled.push(id);
    });
    await until(() => answers.size === VISITORS);
    const order = ['visitor-3', 'visitor-0'];
    for (const [index, id] of order.entries()) {
      answers.get(id)?.writeHead(204).end();
      await until(() => settled.includes(id));
      expect(settled).toEqual(order.slice(0, index + 1));
      expect(await tracking.stats()).toMatchObject([
        { delivered: index + 1, pending: VISITORS - index - 1, accepted: VISITORS },
      ]);
    }
    for (const answer of answers.values()) if (!answer.writableEnded) answer.writeHead(204).end();
    await Promise.all(calls);
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
