import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  ServerTrackingService,
  TrackingModule,
  type Consent,
  type ContextRef,
  type TrackingModuleOptions,
} from 'nestjs-server-tracking';
import { PlatformStub, aContext, aPurchase } from 'nestjs-server-tracking/testing';

import { MemoryRecordStore } from '../src/records/memory-record-store';
import type { PeopleParts } from '../src/people';
import type { Turns } from '../src/records/turns';
import { SqliteRecordStore } from '../src/sqlite/sqlite-record-store';
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

describe.each(['memory', 'SQLite'])('consent taken back, in %s', (storage) => {
  let folder: string;
  let stub: PlatformStub;
  const apps: RunningApp[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'withdrawn-'));
    stub = await PlatformStub.start();
  });

  afterEach(async () => {
    for (const { app } of apps.splice(0)) await app.close();
    await stub.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(options: TrackingModuleOptions = {}): Promise<ServerTrackingService> {
    const running = await startApp('express', {
      imports: [
        TrackingModule.forRoot({
          ...stub.options(),
          storage: storage === 'memory' ? 'memory:' : `file:${join(folder, 'tracking.db')}`,
          encryptionKey: ENCRYPTION_KEY,
          delivery: { lingerMs: 1, retryBaseDelayMs: 20 },
          logger: new RecordingLogger(),
          ...options,
        }),
      ],
    });
    apps.push(running);
    return running.app.get(ServerTrackingService);
  }

  async function atMeta(
    tracking: ServerTrackingService,
    user: { id?: string; email?: string },
    event: Parameters<typeof aPurchase>[0] = {},
  ): Promise<string | undefined> {
    const purchase = aPurchase({ user, consent: GRANTED, only: ['meta'], ...event });
    return (await tracking.trackPurchase(purchase)).destinations.meta?.kind;
  }

  it('adds up, from whichever call and process', async () => {
    const one = await start();
    const other = storage === 'memory' ? one : await start();
    for (const name of ['a', 'b', 'c', 'd']) {
      await Promise.all([
        one.consent.withdraw(name, ['adStorage']),
        other.consent.withdraw(name, ['analyticsStorage']),
        one.erase(name),
        other.consent.withdraw(name, ['adUserData']),
      ]);
      const withdrawal = await one.consent.withdrawalOf(name);
      expect(Object.keys(withdrawal?.purposes ?? {}).sort()).toEqual([
        'adPersonalization',
        'adStorage',
        'adUserData',
        'analyticsStorage',
      ]);
      expect(withdrawal?.erasedAtMs).toEqual(expect.any(Number));
    }
  });

  it('is restored by nobody who shares the browser, and spreads to nobody', async () => {
    const tracking = await start();
    const browser = { context: aContext({ visitorId: 'visitor-1', consent: GRANTED }) };
    for (const id of ['anna', 'bert']) await tracking.trackLogin({ user: { id }, ...browser });
    await tracking.erase('anna');
    await tracking.trackLogin({ user: { id: 'bert' }, ...browser });
    await tracking.consent.withdraw('bert', ['adPersonalization']);
    expect(await atMeta(tracking, { id: 'bert' })).toBe('queued');
    await tracking.consent.restore('bert');
    await tracking.consent.restore('visitor-1');
    expect(await atMeta(tracking, { id: 'anna' })).toBe('skipped');
    await tracking.consent.restore('anna');
    expect(await atMeta(tracking, { id: 'anna' })).toBe('queued');
  });

  it('is restored by nobody who typed the address', async () => {
    const tracking = await start();
    const email = 'victim@example.com';
    await tracking.trackLogin({ user: { id: 'victim', email }, context: aContext() });
    await tracking.consent.withdraw('victim');
    await tracking.trackRegistration({ user: { id: 'mallory', email }, context: aContext() });
    await tracking.consent.restore('mallory');
    expect(await atMeta(tracking, { id: 'victim' })).toBe('skipped');
    expect(await atMeta(tracking, { email })).toBe('skipped');
    await tracking.consent.restore('victim');
    expect(await atMeta(tracking, { id: 'victim', email })).toBe('queued');
  });

  it('takes nothing from an account whose address somebody typed', async () => {
    const tracking = await start();
    const email = 'victim@example.com';
    const browser = { context: aContext({ visitorId: 'visitor-4', consent: GRANTED }) };
    const pageView = async () =>
      (await tracking.trackPageView({ ...browser, only: ['meta'] })).destinations.meta?.kind;
    await tracking.trackLogin({ user: { id: 'victim', email }, ...browser });
    await tracking.trackRegistration({ user: { id: 'mallory', email }, context: aContext() });
    await tracking.consent.withdraw('mallory');
    expect(await atMeta(tracking, { email })).toBe('skipped');
    expect(await atMeta(tracking, { id: 'victim' })).toBe('queued');
    expect(await pageView()).toBe('queued');
    // Whoever names the address itself means everybody who has it.
    await tracking.consent.withdraw(email);
    expect(await atMeta(tracking, { id: 'victim' })).toBe('skipped');
    expect(await pageView()).toBe('skipped');
  });

  it('is given again by nothing but a grant that is dated later', async () => {
    const tracking = await start();
    const user = { id: 'carla' };
    const earlier = aContext({ consent: { ...GRANTED, capturedAt: Date.now() - 60_000 } });
    const context = await tracking.saveContext('order-1', earlier, { user });
    await tracking.consent.withdraw('carla');
    const later = Date.now() + 10;
    const vague: Consent = { analyticsStorage: 'granted', capturedAt: later };
    expect(await atMeta(tracking, user, { context, consent: vague })).toBe('skipped');
    // A grant of which nobody knows when it was given, beside a cookie that was written later.
    const cookie = aContext({ consent: { adPersonalization: 'denied', capturedAt: later } });
    expect(await atMeta(tracking, user, { context: cookie, consent: GRANTED })).toBe('skipped');
  });

  it('stops what waits for a destination that needs it by the policy of the host', async () => {
    stub.behave('meta', { kind: 'outage' });
    const tracking = await start({
      consent: { destinations: { meta: { purposes: ['analyticsStorage'] } } },
    });
    expect(await atMeta(tracking, { id: 'dora' })).toBe('queued');
    await stub.waitFor('meta');
    await tracking.consent.withdraw('dora', ['analyticsStorage']);
    stub.reset();
    await tracking.flush({ timeoutMs: 5_000 });
    expect(stub.eventsAt('meta')).toEqual([]);
  });

  it('knows whose a kept visit is as events know it, and joins no strangers', async () => {
    const tracking = await start();
    const visit = aContext({ consent: GRANTED });
    const keep = (key: string, user: object) => tracking.saveContext(key, visit, { user });
    const context = await keep('order-1', { id: 42, email: 7 });
    expect(await atMeta(tracking, {}, { context, consent: undefined })).toBe('queued');
    await tracking.consent.withdraw('42');
    expect(await atMeta(tracking, {}, { context, consent: undefined })).toBe('skipped');
    await keep('order-2', { id: '', email: 'anna@example.com' });
    await keep('order-3', { id: ' ', email: 'bert@example.com' });
    await tracking.consent.withdraw('anna@example.com');
    expect(await atMeta(tracking, { email: 'bert@example.com' })).toBe('queued');
  });

  it('loses no kept visit by a time that is none', async () => {
    const tracking = await start();
    const context = await tracking.saveContext('order-1', aContext({ consent: GRANTED }));
    for (const ttlMs of [NaN, -1, 0, Infinity, undefined as unknown as number])
      expect(await tracking.extendContext(context, ttlMs)).toBe(false);
    expect(await tracking.extendContext(context, 60_000)).toBe(true);
    expect(await atMeta(tracking, {}, { context, consent: undefined })).toBe('queued');
  });

  it('leaves no link of a person who was erased, whatever comes in later', async () => {
    const tracking = await start();
    const browser = { context: aContext({ visitorId: 'visitor-2', consent: GRANTED }) };
    await tracking.trackLogin({ user: { id: 'emil' }, ...browser });
    expect(await tracking.erase('emil')).toMatchObject({ records: 1 });
    await tracking.trackLogin({ user: { id: 'emil', email: 'emil@example.com' }, ...browser });
    await tracking.saveContext('order-1', browser.context, { user: { id: 'emil' } });
    expect(await tracking.erase('emil')).toMatchObject({ records: 0 });
    await tracking.consent.restore('emil');
    await tracking.trackLogin({ user: { id: 'emil' }, ...browser });
    await tracking.consent.withdraw('emil');
    const { destinations } = await tracking.trackPageView({ ...browser, only: ['meta'] });
    expect(destinations.meta?.kind).toBe('skipped');
  });

  it('erases the visit that an event of the person was joined with', async () => {
    const tracking = await start();
    const user = { id: 'frida' };
    const keep = (key: string) => tracking.saveContext(key, aContext({ consent: GRANTED }));
    const context = await keep('order-1');
    expect(await atMeta(tracking, user, { context, consent: undefined })).toBe('queued');
    expect(await tracking.extendContext(context, 60_000)).toBe(true);
    expect((await tracking.exportPerson('frida')).contexts).toHaveLength(1);
    await tracking.erase('frida');
    expect(await tracking.extendContext(context, 60_000)).toBe(false);
    // Nobody knew whose this one is, until their webhook came.
    const late = await keep('order-2');
    expect(await atMeta(tracking, user, { context: late, consent: undefined })).toBe('skipped');
    expect(await tracking.extendContext(late, 60_000)).toBe(false);
  });

  it('erases it for each of several, and keeps it for as long as was said meanwhile', async () => {
    const tracking = await start();
    const keep = (key: string, ttlMs: number) =>
      tracking.saveContext(key, aContext({ consent: GRANTED }), { ttlMs });
    const context = await keep('order-1', 60_000);
    const ids = ['nora', 'otto', 'paul'];
    const join = (id: string, ref: ContextRef) =>
      atMeta(tracking, { id }, { context: ref, consent: undefined });
    await Promise.all(ids.map((id) => join(id, context)));
    for (const id of ids) expect((await tracking.exportPerson(id)).contexts).toHaveLength(1);
    const short = await keep('order-2', 500);
    await Promise.all([tracking.extendContext(short, 60_000), join('nora', short)]);
    await Promise.all([join('otto', short), tracking.extendContext(short, 60_000)]);
    await sleep(500);
    expect(await tracking.extendContext(short, 60_000)).toBe(true);
  });

  it('is not outlived by a consent whose clock is ahead', async () => {
    stub.behave('meta', { kind: 'outage' });
    const tracking = await start();
    const user = { id: 'gina' };
    const consent = { ...GRANTED, capturedAt: Date.now() + 50_000 };
    const context = await tracking.saveContext('order-1', aContext({ consent }));
    expect(await atMeta(tracking, user, { consent })).toBe('queued');
    await stub.waitFor('meta');
    await sleep(2);
    await tracking.consent.withdraw('gina');
    stub.reset();
    await tracking.flush({ timeoutMs: 5_000 });
    expect(stub.eventsAt('meta')).toEqual([]);
    expect(await atMeta(tracking, user, { context, consent: undefined })).toBe('skipped');
  });

  it('is what identifyVisitor was told, whatever the resolver had said of this request', async () => {
    const tracking = await start({
      context: { visitor: true },
      consent: { resolve: () => GRANTED },
    });
    const headers = { host: 'shop.example.com', 'user-agent': 'Browser/1' };
    const context = { method: 'POST', headers, socket: {} };
    const user = { id: 'hanna' };
    expect(await atMeta(tracking, user, { context, consent: undefined })).toBe('queued');
    const response = { headersSent: false, getHeader: () => undefined, setHeader: () => undefined };
    await tracking.identifyVisitor(context, response, { adStorage: 'denied' });
    expect(await atMeta(tracking, user, { context, consent: undefined })).toBe('skipped');
    // Whatever holds the request: a context of GraphQL, an `ExecutionContext`.
    const [one, other] = [{ ...context }, { ...context }];
    const holder: object = { req: one };
    await tracking.identifyVisitor(one, response, { adStorage: 'denied' });
    expect(await atMeta(tracking, user, { context: holder, consent: undefined })).toBe('skipped');
    await tracking.identifyVisitor({ req: other }, response, { adStorage: 'denied' });
    expect(await atMeta(tracking, user, { context: other, consent: undefined })).toBe('skipped');
  });

  it('takes no room for each of the many who share an address', async () => {
    const tracking = await start();
    const email = 'guest@shop.example.com';
    const ids = Array.from({ length: 30 }, (_none, index) => `guest-${index}`);
    for (const id of ids) await tracking.trackRegistration({ user: { id, email }, context: {} });
    for (const id of ids) await tracking.consent.withdraw(id);
    await tracking.consent.restore('guest-0');
    expect(await atMeta(tracking, { id: 'guest-0' })).toBe('queued');
    for (const id of ['guest-1', 'guest-29'])
      expect(await atMeta(tracking, { id })).toBe('skipped');
    expect(await atMeta(tracking, { email })).toBe('skipped');
  });

  it.each(['withdraw', 'erase'])('holds on a device that comes later, after %s', async (what) => {
    const tracking = await start();
    if (what === 'erase') await tracking.erase('ida');
    else await tracking.consent.withdraw('ida');
    const browser = { context: aContext({ visitorId: 'visitor-3', consent: GRANTED }) };
    const pageView = async () =>
      (await tracking.trackPageView({ ...browser, only: ['meta'] })).destinations.meta?.kind;
    await tracking.trackLogin({ user: { id: 'ida' }, ...browser });
    await tracking.trackLogin({ user: { id: 'ida' }, ...browser });
    expect(await pageView()).toBe('skipped');
    await tracking.trackLogin({ user: { id: 'jon' }, ...browser });
    expect(await atMeta(tracking, { id: 'jon' })).toBe('queued');
    await tracking.consent.restore('ida');
    expect(await pageView()).toBe('queued');
  });

  it('holds on a browser on which the person signs in at the same time', async () => {
    const tracking = await start();
    for (const what of ['withdraw', 'erase']) {
      const browser = { context: aContext({ visitorId: `visitor-${what}`, consent: GRANTED }) };
      await Promise.all([
        what === 'erase' ? tracking.erase('kim') : tracking.consent.withdraw('lea'),
        tracking.trackLogin({ user: { id: what === 'erase' ? 'kim' : 'lea' }, ...browser }),
      ]);
      const { destinations } = await tracking.trackPageView({ ...browser, only: ['meta'] });
      expect(destinations.meta?.kind).toBe('skipped');
    }
  });

  it('leaves the browser alone on which somebody else typed the address', async () => {
    const tracking = await start();
    const browser = { context: aContext({ visitorId: 'visitor-5', consent: GRANTED }) };
    await tracking.erase('anna@example.com');
    const user = { id: 'bert', email: 'anna@example.com' };
    await tracking.saveContext('order-1', browser.context, { user });
    const pageView = async () =>
      (await tracking.trackPageView({ ...browser, only: ['meta'] })).destinations.meta?.kind;
    expect(await pageView()).toBe('queued');
    await tracking.consent.withdraw('bert');
    expect(await pageView()).toBe('skipped');
  });

  it('keeps nobody waiting who signs in while very many are taken back', async () => {
    const tracking = await start();
    await tracking.consent.withdraw('olga');
    const { register } = (tracking as unknown as { parts: { people: { register: object } } }).parts
      .people;
    const { turns } = register as unknown as { turns: Turns };
    const others = turns.run(() => sleep(8_000));
    const browser = { context: aContext({ visitorId: 'visitor-7', consent: GRANTED }) };
    const startedAtMs = performance.now();
    const { destinations } = await tracking.trackLogin({ user: { id: 'olga' }, ...browser });
    expect(performance.now() - startedAtMs).toBeLessThan(6_000);
    expect(destinations.meta?.kind).toBe('skipped');
    await others;
    await tracking.consent.withdraw('pia');
    const later = await tracking.trackPageView({ ...browser, only: ['meta'] });
    expect(later.destinations.meta?.kind).toBe('skipped');
  });

  it('keeps no purchase waiting where a process died while it changed the kept visit', async () => {
    const tracking = await start();
    const context = await tracking.saveContext('order-1', aContext({ consent: GRANTED }));
    const { parts } = (tracking as unknown as { parts: { people: { parts: PeopleParts } } }).parts
      .people;
    await parts.records.putIfAbsent({
      collection: 'turns',
      key: `contexts:${context.contextRef}`,
      value: 'a process that is gone',
      subjects: [],
      expiresAtMs: Date.now() + 60_000,
    });
    const startedAtMs = performance.now();
    const kind = await atMeta(tracking, { id: 'rosa' }, { context, consent: undefined });
    expect(performance.now() - startedAtMs).toBeLessThan(10_000);
    expect(kind).toBe('queued');
    await parts.records.remove('turns', [`contexts:${context.contextRef}`]);
  });

  it('stops what knew of another one that was said in the same moment', async () => {
    stub.behave('meta', { kind: 'outage' });
    const tracking = await start();
    const user = { id: 'quinn' };
    const nowMs = Date.now();
    const now = jest.spyOn(Date, 'now').mockImplementation(() => nowMs);
    await tracking.consent.withdraw('quinn', ['adPersonalization']);
    expect(await atMeta(tracking, user)).toBe('queued');
    await tracking.consent.withdraw('quinn', ['adStorage', 'adUserData']);
    now.mockRestore();
    stub.reset();
    await tracking.flush({ timeoutMs: 5_000 });
    expect(stub.eventsAt('meta')).toEqual([]);
  });

  it('holds for everybody on a browser where it was said by its own visitor ID', async () => {
    const tracking = await start();
    const visit = aContext({ visitorId: 'visitor-8', consent: GRANTED });
    const email = 'guest@example.com';
    const kept = await tracking.saveContext('order-1', visit, { user: { email } });
    const asGuest = (context: object) => atMeta(tracking, { email }, { context });
    expect(await asGuest(visit)).toBe('queued');
    await tracking.consent.withdraw('visitor-8');
    expect(await asGuest(visit)).toBe('skipped');
    expect(await asGuest(kept)).toBe('skipped');
    expect(await asGuest(aContext({ visitorId: 'visitor-9' }))).toBe('queued');
    await tracking.consent.restore('visitor-8');
    expect(await asGuest(visit)).toBe('queued');
    await tracking.erase('visitor-8');
    const again = { ...GRANTED, capturedAt: Date.now() + 1 };
    await sleep(5);
    expect(await atMeta(tracking, { email }, { context: visit, consent: GRANTED })).toBe('skipped');
    expect(
      await atMeta(tracking, { email }, { context: { ...visit, consent: again }, consent: again }),
    ).toBe('queued');
  });

  it('reads once who took something back, and costs an event of a new person one link', async () => {
    const store = storage === 'memory' ? MemoryRecordStore : SqliteRecordStore;
    const calls = (['get', 'keys', 'put', 'putIfAbsent', 'remove', 'findBySubjects'] as const).map(
      (method) => jest.spyOn(store.prototype, method),
    );
    // Lanes ask as well, before they send.
    const tracking = await start({ delivery: { lingerMs: 2_000 } });
    const browser = { context: aContext({ visitorId: 'visitor-6' }) };
    const purchases = { user: { id: 'mia' }, consent: GRANTED, only: ['ga4'], ...browser };
    const others = { ...purchases, user: { id: 'mia-2' } };
    const numberOf = async (work: () => Promise<unknown>) => {
      for (const call of calls) call.mockClear();
      await work();
      return calls.reduce((sum, call) => sum + call.mock.calls.length, 0);
    };
    expect(await numberOf(() => tracking.trackPurchase(aPurchase(purchases)))).toBe(3);
    expect(await numberOf(() => tracking.trackPurchase(aPurchase(purchases)))).toBe(0);
    expect(await numberOf(() => tracking.trackPurchase(aPurchase(others)))).toBe(1);
    jest.restoreAllMocks();
  });
});
