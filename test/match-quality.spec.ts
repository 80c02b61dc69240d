import { ServerTrackingService, TrackingModule } from 'nestjs-server-tracking';
import { aContext, aPurchase, PlatformStub } from 'nestjs-server-tracking/testing';

import { RecordingLogger } from './support/recording-logger';
import { startApp } from './support/start-app';

describe('match quality in stats()', () => {
  let stub: PlatformStub;

  beforeEach(async () => {
    stub = await PlatformStub.start();
  });

  afterEach(() => stub.close());

  it('tells per destination by what people can be recognised, as it was sent', async () => {
    const { app } = await startApp('express', {
      imports: [
        TrackingModule.forRoot({
          ...stub.options(),
          privacy: { destinations: { tiktok: { fields: ['email'], clickIds: false } } },
          logger: new RecordingLogger(),
        }),
      ],
    });
    const tracking = app.get(ServerTrackingService);
    const settled = { until: 'settled' } as const;
    await tracking.trackPurchase(aPurchase(), settled);
    await tracking.trackPurchase(aPurchase({ user: { id: 'user_1' } }), settled);
    const { userAgent } = aContext();
    const weak = await tracking.trackPurchase(
      aPurchase({ user: { city: 'Paris' }, context: { userAgent } }),
      settled,
    );
    expect(weak.destinations.meta).toMatchObject({ problems: [{ code: 'too_weak' }] });
    // Older than every platform takes: it is not encoded, and says nothing about matching.
    const occurredAt = Date.now() - 30 * 24 * 3_600_000;
    await tracking.trackPurchase(aPurchase({ occurredAt }), settled);

    const stats = Object.fromEntries(
      (await tracking.stats()).map(({ destination, matchQuality }) => [destination, matchQuality]),
    );
    const [all, two, one] = [1, 2 / 3, 1 / 3];
    expect(stats).toEqual({
      meta: {
        events: 3,
        tooWeak: 1,
        keys: {
          ...{ id: two, email: one, phone: one, firstName: one, lastName: one, dateOfBirth: one },
          ...{ gender: one, city: two, state: one, postalCode: one, country: one, visitorId: 0 },
          ...{ fbc: two, fbp: two, ip: two, userAgent: all },
        },
      },
      tiktok: {
        events: 3,
        tooWeak: 1,
        keys: {
          ...{ id: 0, email: one, phone: 0, firstName: 0, lastName: 0, postalCode: 0, country: 0 },
          ...{ visitorId: 0, ttclid: 0, ttp: 0, ip: two, userAgent: all },
        },
      },
      ga4: {
        events: 3,
        tooWeak: 0,
        keys: {
          ...{ id: two, email: one, phone: one, firstName: one, lastName: one, street: 0 },
          ...{ visitorId: 0, gaClientId: two, gaSessions: two, sessionId: 0 },
        },
      },
      serverGtm: {
        events: 3,
        tooWeak: 0,
        keys: {
          ...{ id: two, email: one, phone: one, firstName: one, lastName: one, street: 0 },
          ...{ visitorId: 0, gaClientId: two, gaSessions: two, sessionId: 0 },
          ...{ ip: two, userAgent: all, fbc: two, fbp: two, ttclid: two, ttp: two, gclid: two },
          ...{ gbraid: 0, wbraid: 0 },
        },
      },
    });
    await app.close();
  });
});
