import { TrackingModule, ServerTrackingService } from 'nestjs-server-tracking';
import {
  aPurchase,
  FakeClock,
  PlatformStub,
  type ReceivedRequest,
} from 'nestjs-server-tracking/testing';

import { startApp } from './support/start-app';

describe('an access token that is rotated', () => {
  let stub: PlatformStub;

  beforeEach(async () => {
    stub = await PlatformStub.start();
  });

  afterEach(() => stub.close());

  it.each(['meta', 'tiktok'] as const)(
    'lets %s go on without a restart, and gives up nothing',
    async (name) => {
      const clock = new FakeClock();
      let token = 'old-token';
      const options = { ...stub.options()[name], accessToken: () => Promise.resolve(token) };
      const { app } = await startApp('express', {
        imports: [TrackingModule.forRoot({ [name]: options, clock, logger: QUIET })],
      });
      const tracking = app.get(ServerTrackingService);
      stub.behave(name, { kind: 'auth-error' });
      await tracking.trackPurchase(aPurchase());
      await delivered(clock, () => stub.requestsTo(name).length === 1);
      expect(tracking.getStatus().details.destinations[name].state).toBe('paused');

      token = 'new-token';
      stub.behave(name, { kind: 'success' });
      await clock.advance(10_000);
      await delivered(clock, () => stub.requestsTo(name).length === 2);
      await app.close();
      expect(stub.requestsTo(name).map((request) => tokenIn(request))).toEqual([
        'old-token',
        'new-token',
      ]);
      expect(await tracking.stats()).toMatchObject([{ delivered: 1, deadLettered: 0 }]);
    },
  );

  it('ends the attempt where the function never answers, and the shutdown too', async () => {
    const clock = new FakeClock();
    let isStuck = true;
    const { app } = await startApp('express', {
      imports: [
        TrackingModule.forRoot({
          meta: {
            ...stub.options().meta,
            accessToken: () => (isStuck ? new Promise<string>(() => undefined) : 'good-token'),
          },
          delivery: { timeoutMs: 1_000, shutdownTimeoutMs: 100 },
          clock,
          logger: QUIET,
        }),
      ],
    });
    const tracking = app.get(ServerTrackingService);
    const retried: string[] = [];
    tracking.onActivity((activity) => {
      if (activity.kind === 'retried') retried.push(activity.reason);
    });
    await tracking.trackPurchase(aPurchase());
    await delivered(clock, () => retried.length > 0);
    expect(retried[0]).toBe('the access token did not come in time');
    isStuck = false;
    await delivered(clock, () => stub.requestsTo('meta').length === 1);
    isStuck = true;
    await tracking.trackPurchase(aPurchase());
    await clock.advance(100);
    const startedMs = performance.now();
    await app.close();
    expect(performance.now() - startedMs).toBeLessThan(4_000);
  });

  it('waits where the token cannot be fetched, and says so', async () => {
    const clock = new FakeClock();
    const answers = [
      () => Promise.reject(new Error('the vault is sealed: hunter2')),
      () => Promise.resolve(''),
      () => Promise.resolve('good-token'),
    ];
    const { app } = await startApp('express', {
      imports: [
        TrackingModule.forRoot({
          meta: { ...stub.options().meta, accessToken: () => (answers.shift() ?? never)() },
          clock,
          logger: QUIET,
        }),
      ],
    });
    const tracking = app.get(ServerTrackingService);
    await tracking.trackPurchase(aPurchase());
    await delivered(clock, () => stub.requestsTo('meta').length === 1);
    await app.close();
    expect(stub.requestsTo('meta').map((request) => tokenIn(request))).toEqual(['good-token']);
    expect(await tracking.stats()).toMatchObject([{ delivered: 1 }]);
  });
});

const QUIET = { log: () => undefined, warn: () => undefined, error: () => undefined };

const never = () => Promise.reject(new Error('asked once too often'));

function tokenIn({ json, headers }: ReceivedRequest): unknown {
  return (json as { access_token?: unknown }).access_token ?? headers['access-token'];
}

/** Moves the time on until the stub has seen it. */
async function delivered(clock: FakeClock, isThere: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200 && !isThere(); turn += 1) {
    await clock.advance(200);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(isThere()).toBe(true);
}
