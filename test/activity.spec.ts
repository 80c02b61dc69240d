import {
  ServerTrackingService,
  TrackingModule,
  type TrackingActivity,
  type TrackingModuleOptions,
} from 'nestjs-server-tracking';
import { aPurchase, FakeClock, PlatformStub } from 'nestjs-server-tracking/testing';

import { startApp } from './support/start-app';

const QUIET = { log: () => undefined, warn: () => undefined, error: () => undefined };

describe('what a host can observe', () => {
  let stub: PlatformStub;
  let clock: FakeClock;
  const closers: (() => Promise<void>)[] = [];

  beforeEach(async () => {
    stub = await PlatformStub.start();
    clock = new FakeClock();
  });

  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
    await stub.close();
  });

  const start = async (options: TrackingModuleOptions = {}) => {
    const { app } = await startApp('express', {
      imports: [
        TrackingModule.forRoot({ meta: stub.options().meta, clock, logger: QUIET, ...options }),
      ],
    });
    closers.push(() => app.close());
    const tracking = app.get(ServerTrackingService);
    const seen: TrackingActivity[] = [];
    const unsubscribe = tracking.onActivity((activity) => seen.push(activity));
    return { tracking, seen, unsubscribe };
  };

  const until = async (isReached: () => boolean) => {
    for (let turn = 0; turn < 200 && !isReached(); turn += 1) {
      await clock.advance(100);
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    expect(isReached()).toBe(true);
  };

  const kinds = (seen: readonly TrackingActivity[]) => seen.map(({ kind }) => kind);

  it('hears of an event from acceptance to delivery', async () => {
    const { tracking, seen } = await start();
    const purchase = aPurchase();
    const { eventId } = await tracking.trackPurchase(purchase);
    await tracking.trackPurchase(purchase);
    await until(() => kinds(seen).includes('delivered'));
    const event = { destination: 'meta', eventId, eventName: 'purchase' };
    expect(seen).toEqual([
      { kind: 'accepted', ...event },
      { kind: 'duplicate', ...event },
      { kind: 'delivered', ...event, attempts: 1, delayMs: expect.any(Number) as number },
    ]);
  });

  it('hears why an event is tried again, given up or too late', async () => {
    const { tracking, seen } = await start();
    stub.script('meta', { kind: 'outage' }, { kind: 'validation-error' });
    await tracking.trackPurchase(aPurchase());
    await until(() => kinds(seen).includes('dead-lettered'));
    expect(kinds(seen)).toEqual(['accepted', 'retried', 'dead-lettered']);
    expect(seen[1]).toMatchObject({
      reason: expect.stringContaining('503') as string,
      attempts: 1,
    });
    expect(seen[2]).toMatchObject({ attempts: 2 });
  });

  it('hears when a lane pauses and when it goes on', async () => {
    const { tracking, seen } = await start();
    stub.behave('meta', { kind: 'auth-error' });
    await tracking.trackPurchase(aPurchase());
    await until(() => kinds(seen).includes('paused'));
    stub.behave('meta', { kind: 'success' });
    await until(() => kinds(seen).includes('delivered'));
    expect(kinds(seen)).toEqual(['accepted', 'paused', 'resumed', 'delivered']);
  });

  it('hears what was refused and what was dropped to make room', async () => {
    stub.behave('meta', { kind: 'auth-error' });
    const refusing = await start({ delivery: { maxPendingEntries: 1 } });
    await refusing.tracking.trackPurchase(aPurchase());
    await refusing.tracking.trackPurchase(aPurchase());
    expect(kinds(refusing.seen)).toEqual(['accepted', 'refused']);

    const dropping = await start({ delivery: { maxPendingEntries: 1, overflow: 'drop-oldest' } });
    await dropping.tracking.trackPurchase(aPurchase());
    await dropping.tracking.trackPurchase(aPurchase());
    expect(kinds(dropping.seen)).toEqual(['accepted', 'dropped', 'accepted']);
  });

  it('is not harmed by a listener that throws, and takes one away when it is told to', async () => {
    const { tracking, seen, unsubscribe } = await start();
    tracking.onActivity(() => {
      throw new Error('a fault of the host');
    });
    const receipt = await tracking.trackPurchase(aPurchase());
    expect(receipt.status).toBe('accepted');
    unsubscribe();
    await tracking.trackPurchase(aPurchase());
    expect(kinds(seen)).toEqual(['accepted']);
  });

  it('says of every event when all has settled, where a platform keeps the function alive', async () => {
    const works: Promise<unknown>[] = [];
    const { tracking } = await start({ delivery: { waitUntil: (work) => works.push(work) } });
    const receipt = await tracking.trackPurchase(aPurchase());
    expect(receipt.destinations.meta).toEqual({ kind: 'queued' });
    expect(works).toHaveLength(1);
    let isSettled = false;
    void works[0]?.then(() => (isSettled = true));
    await clock.advance(0);
    expect(isSettled).toBe(false);
    await until(() => isSettled);
    expect(stub.eventsAt('meta')).toHaveLength(1);
  });

  it.each<[string, () => void]>([
    [
      'throws',
      () => {
        throw new Error('outside of a request');
      },
    ],
    ['rejects', () => Promise.reject(new Error('outside of a request')) as never],
  ])('keeps the event where waitUntil %s', async (_how, waitUntil) => {
    const { tracking } = await start();
    const receipt = await tracking.trackPurchase(aPurchase(), { waitUntil });
    expect(receipt.status).toBe('accepted');
    await until(() => stub.eventsAt('meta').length === 1);
  });
});
