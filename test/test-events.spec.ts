import { InvalidOptionsError, ServerTrackingService, TrackingModule } from 'nestjs-server-tracking';
import { aPurchase, FakeClock, PlatformStub } from 'nestjs-server-tracking/testing';

import { RecordingLogger } from './support/recording-logger';
import { startApp } from './support/start-app';

const HOUR_MS = 3_600_000;

describe('a test event code in production', () => {
  let stub: PlatformStub;
  let clock: FakeClock;
  let logger: RecordingLogger;

  beforeEach(async () => {
    stub = await PlatformStub.start();
    clock = new FakeClock();
    logger = new RecordingLogger();
  });

  afterEach(() => stub.close());

  async function start(allowTestEventsUntil?: string) {
    const { meta, tiktok, ga4, serverGtm } = stub.options();
    const { app } = await startApp('express', {
      imports: [
        TrackingModule.forRoot({
          environment: 'production',
          allowTestEventsUntil,
          meta: { ...meta, testEventCode: 'TEST12345' },
          tiktok: { ...tiktok, testEventCode: 'TEST67890' },
          ga4: { ...ga4, validate: true },
          serverGtm: { ...serverGtm, previewToken: 'preview-token-example' },
          clock,
          logger,
        }),
      ],
    });
    return { app, tracking: app.get(ServerTrackingService) };
  }

  async function send(tracking: ServerTrackingService): Promise<void> {
    stub.reset();
    await tracking.trackPurchase(aPurchase());
    // What lingers waits for the clock, what travels for the network.
    for (let turn = 0; turn < 500 && stub.requests.length < 4; turn += 1) {
      await clock.advance(5);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** What of a request shows that it is a test, by platform. */
  function testsSeen(): object {
    const body = (name: 'meta' | 'tiktok') =>
      (stub.requestsTo(name)[0]?.json as { test_event_code?: string } | undefined)?.test_event_code;
    return {
      meta: body('meta'),
      tiktok: body('tiktok'),
      ga4: stub.requestsTo('ga4')[0]?.url.split('?')[0],
      serverGtm: stub.requestsTo('serverGtm')[0]?.headers['x-gtm-server-preview'],
    };
  }

  it('does not start, and says what to do for each destination', async () => {
    const failed = await start().catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(InvalidOptionsError);
    expect((failed as InvalidOptionsError).problems.map(({ field }) => field)).toEqual([
      'meta.testEventCode',
      'tiktok.testEventCode',
      'ga4.validate',
      'serverGtm.previewToken',
    ]);
  });

  it('is sent while it is allowed, and no longer when the time is up', async () => {
    const { app, tracking } = await start('2026-01-15T12:00:00Z');
    await send(tracking);
    expect(testsSeen()).toEqual({
      meta: 'TEST12345',
      tiktok: 'TEST67890',
      ga4: '/debug/mp/collect',
      serverGtm: 'preview-token-example',
    });
    expect(tracking.getStatus().details.destinations.ga4.endpoint).toMatch('/debug/mp/collect');
    expect(logger.of('error')).toEqual([]);

    await clock.advance(2 * HOUR_MS);
    await send(tracking);
    expect(testsSeen()).toEqual({
      meta: undefined,
      tiktok: undefined,
      ga4: '/mp/collect',
      serverGtm: undefined,
    });
    expect(tracking.getStatus()).toMatchObject({ overall: true });
    expect(tracking.getStatus().details.destinations.ga4.endpoint).not.toMatch('/debug');
    expect(logger.of('error')).toEqual([
      expect.stringContaining(
        'meta.testEventCode, tiktok.testEventCode, ga4.validate, serverGtm.previewToken no longer applies',
      ),
    ]);
    expect(logger.lines.join('\n')).not.toMatch(/TEST12345|TEST67890|preview-token-example/);
    await app.close();
  });

  it('stops the next start when the time is up', async () => {
    const { app } = await start('2026-01-15T12:00:00Z');
    await app.close();
    await clock.advance(2 * HOUR_MS);
    await expect(start('2026-01-15T12:00:00Z')).rejects.toThrow(/passed at 2026-01-15T12:00:00/);
    expect(logger.of('error')).toEqual([]);
  });
});
