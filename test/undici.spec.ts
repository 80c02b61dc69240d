import { Controller, Inject, Post, Req } from '@nestjs/common';
import { ServerTrackingService, TrackingModule } from 'nestjs-server-tracking';
import {
  PlatformStub,
  aPurchase,
  type PlatformName,
  type ReceivedRequest,
} from 'nestjs-server-tracking/testing';

import { openUndici } from '../src/transport/undici-post';
import { RecordingLogger } from './support/recording-logger';
import { startApp } from './support/start-app';

const ALL: readonly PlatformName[] = ['meta', 'tiktok', 'ga4', 'serverGtm'];
const HOUR_MS = 3_600_000;

@Controller()
class ShopController {
  constructor(@Inject(ServerTrackingService) private readonly tracking: ServerTrackingService) {}

  @Post('order')
  order(@Req() request: { headers: Record<string, string> }) {
    return this.tracking.trackPurchase({
      ...aPurchase({ orderId: '10001' }),
      occurredAt: Number(request.headers['x-at']),
      context: request,
    });
  }
}

describe('the line with transport: undici', () => {
  it('brings the same bytes to every platform as node:http does', async () => {
    const at = Date.now() - HOUR_MS;
    const plain = await arrivalsWith('http', at);
    const fast = await arrivalsWith('undici', at);
    expect(fast).toHaveLength(ALL.length);
    expect(fast).toEqual(plain);
  });

  it('tells in one line what to install where the package is missing', async () => {
    jest.doMock('undici/lib/dispatcher/client.js', () => {
      throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' });
    });
    await expect(openUndici()).rejects.toThrow(/Run: npm install undici/);
    jest.dontMock('undici/lib/dispatcher/client.js');
  });
});

/** Everything that arrived, but where it was sent to. */
async function arrivalsWith(transport: 'http' | 'undici', at: number): Promise<object[]> {
  const stub = await PlatformStub.start();
  const { app, url } = await startApp('express', {
    imports: [
      TrackingModule.forRoot({
        ...stub.options(),
        transport,
        delivery: { lingerMs: 0 },
        logger: new RecordingLogger(),
      }),
    ],
    controllers: [ShopController],
  });
  await fetch(`${url}/order`, {
    method: 'POST',
    headers: {
      'x-at': String(at),
      'user-agent': 'Mozilla/5.0',
      referer: 'https://shop.example.com/thanks?gclid=Cj0K',
    },
  });
  const arrived = await Promise.all(ALL.map((name) => stub.waitFor(name)));
  await app.close();
  await stub.close();
  return arrived.flat().map(relevant);
}

function relevant({ method, url, text, headers }: ReceivedRequest): object {
  const { host, ...others } = headers;
  expect(host).toMatch(/^127\.0\.0\.1:\d+$/);
  return { method, url, text, headers: others };
}
