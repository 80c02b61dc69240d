import { ServerTrackingService, TrackingModule, type BrowserEvent } from 'nestjs-server-tracking';
import { aContext, aPurchase, aUser, PlatformStub } from 'nestjs-server-tracking/testing';

import { RecordingLogger } from './support/recording-logger';
import { startApp } from './support/start-app';

describe('checkDeduplication of an application', () => {
  let stub: PlatformStub;

  beforeEach(async () => {
    stub = await PlatformStub.start();
  });

  afterEach(() => stub.close());

  async function start() {
    const { meta, tiktok } = stub.options();
    const { app } = await startApp('express', {
      imports: [
        TrackingModule.forRoot({
          meta,
          tiktok: { ...tiktok, purchaseEventName: 'CompletePayment' },
          logger: new RecordingLogger(),
        }),
      ],
    });
    return { app, tracking: app.get(ServerTrackingService) };
  }

  it('holds the pixel of each platform against what that platform got', async () => {
    const { app, tracking } = await start();
    const settled = { until: 'settled' } as const;
    await tracking.trackPurchase(aPurchase({ orderId: 'A-1042' }), settled);
    await tracking.trackSearch(
      { searchTerm: 'mug', eventId: 's-1', user: aUser(), context: aContext(), only: ['meta'] },
      settled,
    );
    // What a browser would have to say is what arrived.
    const pixel: BrowserEvent[] = stub.eventsAt('meta').map((event) => ({
      name: String(event.event_name),
      eventId: String(event.event_id),
      occurredAt: Number(event.event_time) * 1_000,
    }));
    expect(pixel).toHaveLength(2);
    expect(tracking.checkDeduplication('meta', pixel)).toEqual({
      server: 2,
      browser: 2,
      paired: 2,
      share: 1,
      onlyServer: [],
      onlyBrowser: [],
      findings: [],
    });

    expect(tracking.checkDeduplication('tiktok', pixel)).toMatchObject({
      server: 1,
      share: 0,
      onlyServer: ['CompletePayment'],
      onlyBrowser: ['Purchase', 'Search'],
      findings: [
        { name: 'Purchase', cause: 'other-name', example: { server: 'purchase:A-1042' } },
        { name: 'Search', cause: 'not-at-server' },
      ],
    });
    await app.close();
  });

  it('remembers nothing that was withheld or refused', async () => {
    const { app, tracking } = await start();
    await tracking.trackPurchase(aPurchase({ consent: { adUserData: 'denied' } }));
    await tracking.trackPurchase(aPurchase({ user: { city: 'Paris' }, context: undefined }));
    expect(tracking.checkDeduplication('meta', [])).toMatchObject({ server: 0, onlyServer: [] });
    expect(tracking.checkDeduplication('elsewhere', [])).toMatchObject({ server: 0, share: 0 });
    await app.close();
  });
});
