import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import Database from 'libsql';
import {
  ServerTrackingService,
  TrackingModule,
  type Consent,
  type ContextRef,
  type TrackingModuleOptions,
} from 'nestjs-server-tracking';
import { PlatformStub, aContext, aPurchase, aUser } from 'nestjs-server-tracking/testing';

import { ENCRYPTION_KEY } from './support/encryption';
import { RecordingLogger } from './support/recording-logger';
import { startApp, type RunningApp } from './support/start-app';

const GRANTED: Consent = {
  adStorage: 'granted',
  adUserData: 'granted',
  adPersonalization: 'granted',
  analyticsStorage: 'granted',
  region: 'DE',
};

interface Running extends RunningApp {
  readonly tracking: ServerTrackingService;
  readonly logger: RecordingLogger;
}

describe('consent, after it was given', () => {
  let folder: string;
  let stub: PlatformStub;
  const apps: Running[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'consent-'));
    stub = await PlatformStub.start();
  });

  afterEach(async () => {
    for (const { app } of apps.splice(0)) await app.close();
    await stub.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(options: TrackingModuleOptions = {}): Promise<Running> {
    const logger = new RecordingLogger();
    const running = await startApp('express', {
      imports: [
        TrackingModule.forRoot({
          ...stub.options(),
          storage: `file:${join(folder, 'tracking.db')}`,
          encryptionKey: ENCRYPTION_KEY,
          audit: { url: `file:${join(folder, 'audit.db')}` },
          delivery: { lingerMs: 1, retryBaseDelayMs: 20 },
          logger,
          ...options,
        }),
      ],
    });
    const app = { ...running, tracking: running.app.get(ServerTrackingService), logger };
    apps.push(app);
    return app;
  }

  async function settled({ tracking }: Running): Promise<void> {
    await tracking.flush({ timeoutMs: 5_000 });
  }

  async function auditOf({ tracking }: Running, userKey: string) {
    const { audit } = await tracking.exportPerson(userKey);
    return audit.map(({ kind, destination, eventName, reason }) =>
      [kind, destination, eventName, reason].filter((part) => part !== undefined).join(' '),
    );
  }

  it('says in its status when lines of the audit log cannot be written, and that events go on', async () => {
    const { tracking } = await start();
    const auditOf = () => tracking.getStatus().details.audit;
    await tracking.trackPurchase(aPurchase({ orderId: '1', consent: GRANTED }));
    await tracking.exportPerson('nobody');
    expect(auditOf()).toEqual({ log: expect.stringContaining('audit') as string, state: 'ready' });

    const other = new Database(join(folder, 'audit.db'));
    other.exec('BEGIN IMMEDIATE');
    const receipt = await tracking.trackPurchase(aPurchase({ orderId: '2', consent: GRANTED }));
    expect(receipt.status).toBe('accepted');
    await tracking.exportPerson('nobody');
    expect(auditOf()).toMatchObject({
      state: 'degraded',
      reason: expect.stringContaining('lines cannot be written') as string,
    });
    expect(tracking.getStatus().overall).toBe(true);

    other.exec('COMMIT');
    other.close();
    await tracking.exportPerson('nobody');
    expect(auditOf()).toMatchObject({ state: 'ready' });
  }, 20_000);

  it.each(['memory:', 'file:'])(
    'tells the audit log what made room for another, in %s',
    async (kind) => {
      stub.behave('meta', { kind: 'auth-error' });
      const { tracking } = await start({
        ...(kind === 'memory:' && { storage: kind }),
        delivery: { maxPendingEntries: 1, overflow: 'drop-oldest', shutdownTimeoutMs: 0 },
      });
      for (const orderId of ['1', '2'])
        await tracking.trackPurchase(
          aPurchase({ orderId, user: { id: 'user_123' }, consent: GRANTED, only: ['meta'] }),
        );
      const { audit } = await tracking.exportPerson('user_123');
      expect(audit.map(({ kind: line, eventId }) => `${line} ${eventId ?? ''}`)).toEqual(
        expect.arrayContaining([
          'accepted purchase:1',
          'dropped purchase:1',
          'accepted purchase:2',
        ]),
      );
    },
  );

  it('reaches the purchase in another process with the visit, by its reference alone', async () => {
    const shop = await start();
    const ref = await shop.tracking.saveContext('order-1', aContext({ consent: GRANTED }));
    expect(ref.contextRef).toMatch(/^[\w-]{22}$/);
    await shop.app.close();
    const webhook = await start();
    await webhook.tracking.trackPurchase(
      aPurchase({ orderId: '1', context: ref, consent: undefined }),
      { until: 'settled' },
    );
    expect(stub.eventsAt('meta')[0]).toMatchObject({
      event_id: 'purchase:1',
      action_source: 'website',
      event_source_url: 'https://shop.example.com/checkout/thanks',
      user_data: {
        client_ip_address: '203.0.113.7',
        fbc: 'fb.1.1759990000000.IwAR0abcDEF',
        fbp: 'fb.1.1759990000000.1098115397',
      },
    });
    expect(stub.eventsAt('tiktok')[0]).toMatchObject({ user: { ttclid: 'E.C.P.example' } });
    expect(stub.requestsTo('ga4')[0]?.json).toMatchObject({
      client_id: '1162820436.1749482504',
      events: [{ params: { session_id: '1760000000', transaction_id: '1' } }],
    });
    expect(await auditOf(webhook, 'user_123')).toEqual(
      expect.arrayContaining([
        'accepted meta purchase',
        'delivered meta purchase',
        'accepted ga4 purchase',
        'delivered ga4 purchase',
      ]),
    );
  });

  it('sends nothing of a visit without it, and the audit log says why', async () => {
    const shop = await start();
    const ref = await shop.tracking.saveContext(
      'order-2',
      aContext({ consent: { region: 'DE' } }),
      {
        user: { id: 'user_123' },
      },
    );
    const receipt = await shop.tracking.trackPurchase(
      aPurchase({ orderId: '2', context: ref, consent: undefined }),
    );
    expect(receipt.status).toBe('skipped');
    await settled(shop);
    expect(stub.requests).toEqual([]);
    expect(await auditOf(shop, 'user_123')).toEqual(
      expect.arrayContaining([
        'withheld meta purchase consent unknown for adStorage, adUserData',
        'withheld ga4 purchase consent unknown for analyticsStorage',
      ]),
    );
  });

  it.each(['user_123', 'John_Smith@gmail.com'])(
    'is withdrawn between checkout and webhook by %s, and the purchase stays',
    async (userKey) => {
      const shop = await start();
      const ref = await shop.tracking.saveContext('order-3', aContext({ consent: GRANTED }));
      await shop.tracking.consent.withdraw(userKey);
      const webhook = await start();
      const receipt = await webhook.tracking.trackPurchase(
        aPurchase({ orderId: '3', context: ref, consent: undefined }),
      );
      expect(receipt.destinations.meta).toEqual({
        kind: 'skipped',
        reason: 'consent withdrawn for adStorage, adUserData',
      });
      await settled(webhook);
      expect(stub.requests).toEqual([]);
      expect(await auditOf(webhook, 'user_123')).toEqual(
        expect.arrayContaining([
          'withheld meta purchase consent withdrawn for adStorage, adUserData',
        ]),
      );
    },
  );

  it('is asked for again before each send, also of a retry', async () => {
    stub.behave('meta', { kind: 'answer', status: 503 });
    stub.behave('ga4', { kind: 'answer', status: 503 });
    const shop = await start();
    await shop.tracking.trackPurchase(
      aPurchase({ orderId: '4', context: aContext(), consent: GRANTED, only: ['meta', 'ga4'] }),
    );
    await stub.waitFor('meta');
    await stub.waitFor('ga4');
    await shop.tracking.consent.withdraw('user_123', ['adStorage', 'analyticsStorage']);
    await shop.tracking.consent.restore('user_123');
    await shop.tracking.consent.withdraw('user_123', ['analyticsStorage']);
    stub.reset();
    await settled(shop);
    expect(stub.requestsTo('ga4')).toEqual([]);
    expect(stub.requestsTo('meta')).toHaveLength(1);
    const ga4 = (await shop.tracking.stats()).find(({ destination }) => destination === 'ga4');
    expect(ga4).toMatchObject({ accepted: 1, delivered: 0, dropped: 1, pending: 0 });
    expect(await auditOf(shop, 'user_123')).toEqual(
      expect.arrayContaining([
        'dropped ga4 purchase consent withdrawn for analyticsStorage',
        'delivered meta purchase',
        'withdrawn',
      ]),
    );
  });

  it('holds again when it is given later, or restored', async () => {
    const shop = await start();
    await shop.tracking.consent.withdraw('user_123');
    const later = { ...GRANTED, capturedAt: Date.now() + 1 };
    await sleep(5);
    await shop.tracking.trackPurchase(aPurchase({ orderId: '5', consent: later, only: ['meta'] }), {
      until: 'settled',
    });
    expect(stub.eventsAt('meta')).toHaveLength(1);
    const older = { ...GRANTED, capturedAt: Date.now() - 60_000 };
    const receipt = await shop.tracking.trackPurchase(
      aPurchase({ orderId: '6', consent: older, only: ['meta'] }),
      { until: 'settled' },
    );
    const reason = 'consent withdrawn for adStorage, adUserData';
    expect(receipt.destinations.meta).toEqual({ kind: 'skipped', reason });
    // Later, and granting nothing.
    const vague = { region: 'US-CA', capturedAt: Date.now() + 60_000 };
    const unsaid = await shop.tracking.trackPurchase(
      aPurchase({ orderId: '61', consent: vague, only: ['meta'] }),
    );
    expect(unsaid.destinations.meta).toEqual({ kind: 'skipped', reason });
    expect(await shop.tracking.consent.withdrawalOf('user_123')).toMatchObject({
      purposes: { adStorage: expect.any(Number), analyticsStorage: expect.any(Number) },
    });
    await shop.tracking.consent.restore('user_123');
    await shop.tracking.trackPurchase(aPurchase({ orderId: '7', consent: older, only: ['meta'] }), {
      until: 'settled',
    });
    expect(stub.eventsAt('meta')).toHaveLength(2);
  });

  it('is withdrawn for the visitor whom the user was before, and for no other user of the browser', async () => {
    const shop = await start();
    const browser = { context: aContext({ visitorId: 'visitor-1', consent: GRANTED }) };
    await shop.tracking.trackRegistration({ user: { id: 'anna' }, ...browser });
    await settled(shop);
    stub.reset();
    await shop.tracking.consent.withdraw('anna');
    await shop.tracking.trackPageView({ ...browser, only: ['meta'] });
    await shop.tracking.trackLogin({ user: { id: 'bert' }, ...browser, only: ['meta'] });
    await settled(shop);
    expect(stub.eventsAt('meta').map(({ event_name: name }) => name)).toEqual(['Login']);
  });

  it('forgets a person: what is pending, kept or dead, and what comes in later', async () => {
    stub.behave('meta', { kind: 'answer', status: 503 });
    stub.behave('tiktok', { kind: 'answer', status: 503 });
    const shop = await start();
    const ref = await shop.tracking.saveContext('order-8', aContext({ consent: GRANTED }), {
      user: aUser(),
    });
    const { tracking } = shop;
    await tracking.trackPurchase(
      aPurchase({ orderId: '8', context: ref, only: ['meta', 'tiktok'], consent: GRANTED }),
    );
    await tracking.trackPurchase(
      aPurchase({ orderId: '9', user: { id: 'other' }, only: ['meta'], consent: GRANTED }),
    );
    await stub.waitFor('meta');
    const { events } = await tracking.exportPerson('user_123');
    expect(events).toEqual(
      ['meta', 'tiktok'].map((destination) => ({
        destination,
        eventName: 'purchase',
        eventId: 'purchase:8',
        acceptedAtMs: expect.any(Number),
        state: 'pending',
      })),
    );
    expect(await tracking.erase('user_123')).toMatchObject({
      pending: 2,
      deadLetters: 0,
      // The visit, and that the ID and the address are one person.
      records: 2,
      auditLines: expect.any(Number),
    });
    expect(await tracking.exportPerson('user_123')).toMatchObject({
      contexts: [],
      events: [],
      audit: [],
    });
    const late = await tracking.trackPurchase(
      aPurchase({ orderId: '10', context: ref, only: ['meta'], consent: GRANTED }),
    );
    stub.reset();
    await settled(shop);
    expect(late.problems).toEqual([expect.objectContaining({ field: 'context' })]);
    expect(late.destinations.meta).toEqual({ kind: 'skipped', reason: 'the person was erased' });
    expect(stub.eventsAt('meta').map(({ event_id: id }) => id)).toEqual(['purchase:9']);
    expect(stub.eventsAt('tiktok')).toEqual([]);
    const again = await tracking.saveContext('order-8', aContext(), { user: aUser() });
    expect(again).toEqual({ contextRef: 'none' });
    expect(await tracking.extendContext(ref, 60_000)).toBe(false);
    // What comes in later is in the log, and names nobody.
    const namedIn = async () => {
      const { audit } = await tracking.exportPerson('user_123');
      return audit.filter(({ kind }) => kind !== 'exported');
    };
    const deadlineMs = Date.now() + 3_000;
    while ((await namedIn()).length > 0 && Date.now() < deadlineMs) await sleep(20);
    expect(await namedIn()).toEqual([]);
  });

  it('is withdrawn in part, and the rest goes on as the rest allows', async () => {
    const shop = await start();
    await shop.tracking.consent.withdraw('user_123', ['adPersonalization']);
    const { audit } = await shop.tracking.exportPerson('user_123');
    expect(audit[0]).toMatchObject({
      kind: 'withdrawn',
      consent: { denied: ['adPersonalization'] },
    });
    const { destinations } = await shop.tracking.trackPurchase(
      aPurchase({ orderId: '20', context: aContext(), consent: GRANTED }),
      { until: 'settled' },
    );
    expect(destinations).toMatchObject({
      meta: { kind: 'delivered' },
      tiktok: { kind: 'skipped' },
      ga4: { kind: 'delivered' },
    });
    expect(stub.requestsTo('ga4')[0]?.json).toMatchObject({
      consent: { ad_user_data: 'GRANTED', ad_personalization: 'DENIED' },
    });
    // What was given back meanwhile is not taken by another withdrawal.
    const { consent } = shop.tracking;
    await consent.withdraw('user_123', ['adStorage']);
    const again = { ...GRANTED, capturedAt: Date.now() + 1 };
    await sleep(5);
    await consent.withdraw('user_123', ['analyticsStorage']);
    const later = await shop.tracking.trackPurchase(
      aPurchase({ orderId: '21', context: aContext(), consent: again }),
    );
    expect(later.destinations).toMatchObject({
      meta: { kind: 'queued' },
      ga4: { kind: 'skipped', reason: 'consent withdrawn for analyticsStorage' },
    });
    for (const wrong of [['ad_storage'], [], 'adStorage', null])
      await expect(consent.withdraw('user_123', wrong as ['adStorage'])).rejects.toThrow(
        'expected an array of purposes among adStorage',
      );
    await expect(consent.withdraw(' ')).rejects.toThrow(TypeError);
  });

  it('is withdrawn by a visitor ID for the visit that was kept', async () => {
    const shop = await start();
    const context = aContext({ visitorId: 'visitor-2', consent: GRANTED });
    const ref = await shop.tracking.saveContext('order-22', context);
    await shop.tracking.consent.withdraw('visitor-2');
    const receipt = await shop.tracking.trackPurchase(
      aPurchase({ orderId: '22', context: ref, consent: undefined }),
    );
    expect(receipt.status).toBe('skipped');
  });

  it('is kept only as far as it can be read', async () => {
    const shop = await start();
    const consent = { adStorage: false, adUserData: 'yes' } as unknown as Consent;
    const ref = await shop.tracking.saveContext('order-23', aContext(), { consent });
    const receipt = await shop.tracking.trackPurchase(
      aPurchase({ orderId: '23', context: ref, consent: undefined, only: ['meta'] }),
    );
    expect(receipt.destinations.meta).toMatchObject({ kind: 'skipped' });
    // What is said later of a visit that was kept is kept with it.
    const visit = await shop.tracking.saveContext('visit', aContext({ consent: GRANTED }));
    const refused = await shop.tracking.saveContext('order-25', visit, {
      consent: { adStorage: 'denied', adUserData: 'denied' },
    });
    const event = (orderId: string, context: ContextRef) =>
      aPurchase({ orderId, context, consent: undefined, only: ['meta'] });
    expect((await shop.tracking.trackPurchase(event('25', refused))).status).toBe('skipped');
    expect((await shop.tracking.trackPurchase(event('26', visit))).status).toBe('accepted');
  });

  it('gives nobody what belongs to another whose address they typed', async () => {
    const shop = await start();
    const { tracking } = shop;
    await tracking.saveContext('order-24', aContext({ consent: GRANTED }), {
      user: { id: 'victim', email: 'victim@example.com' },
    });
    const browser = { context: aContext({ visitorId: 'visitor-3', consent: GRANTED }) };
    const mallory = { id: 'mallory', email: 'victim@example.com' };
    await tracking.trackLead({ user: mallory, ...browser });
    await tracking.trackLogin({ user: mallory, ...browser });
    expect((await tracking.exportPerson('mallory')).contexts).toEqual([]);
    await tracking.erase('mallory');
    expect((await tracking.exportPerson('victim')).contexts).toHaveLength(1);
  });

  it('leaves nothing of a person readable on the disk', async () => {
    stub.behave('meta', { kind: 'answer', status: 503 });
    const shop = await start();
    const context = aContext({ consent: GRANTED });
    const ref = await shop.tracking.saveContext('order-11', context, { user: aUser() });
    await shop.tracking.trackPurchase(
      aPurchase({ orderId: '11', context: ref, consent: GRANTED, only: ['meta'] }),
    );
    await stub.waitFor('meta');
    await shop.tracking.erase('nobody');
    const bytes = readdirSync(folder)
      .map((name) => readFileSync(join(folder, name)).toString('latin1'))
      .join('\n');
    expect(bytes.length).toBeGreaterThan(10_000);
    for (const canary of [
      'ohn_Smith@gmail',
      'ohn_smith@gmail',
      'user_123',
      '555-1212',
      '16505551212',
      '203.0.113.7',
      'IwAR0abcDEF',
      'E.C.P.example',
      'Mozilla/5.0',
      'EAAtokenexample',
      // A hash of an address can be tried out: it is as readable as the address.
      '62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f',
    ])
      expect({ canary, isThere: bytes.includes(canary) }).toEqual({ canary, isThere: false });
  });

  it('is the host who knows best, asked once for each request; a host that fails allows nothing', async () => {
    let asked = 0;
    const shop = await start({
      consent: {
        resolve: (request) => {
          asked += 1;
          if (request.headers['x-fails'] !== undefined) throw new Error('no session');
          if (request.headers['x-hangs'] !== undefined) return new Promise(() => undefined);
          return Promise.resolve(GRANTED);
        },
      },
    });
    const request = { headers: { 'user-agent': 'Browser/1' }, socket: {} };
    const event = () => aPurchase({ context: request, consent: undefined, only: ['meta'] });
    expect((await shop.tracking.trackPurchase(event())).status).toBe('accepted');
    expect((await shop.tracking.trackPurchase(event())).status).toBe('accepted');
    expect(asked).toBe(1);
    for (const header of ['x-fails', 'x-hangs']) {
      const failing = { headers: { [header]: '1' }, socket: {} };
      const receipt = await shop.tracking.trackPurchase({ ...event(), context: failing });
      expect(receipt).toMatchObject({
        status: 'skipped',
        problems: [{ field: 'consent', code: 'unreadable' }],
      });
    }
  });
});
