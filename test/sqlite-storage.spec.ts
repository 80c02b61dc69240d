import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { INestApplication } from '@nestjs/common';
import Database from 'libsql';
import {
  ServerTrackingService,
  TrackingModule,
  type TrackingModuleOptions,
} from 'nestjs-server-tracking';
import { aPurchase, FakeClock, PlatformStub } from 'nestjs-server-tracking/testing';

import { systemClock } from '../src/clock';
import { ActivityStream } from '../src/outbox/activity';
import type { LeasedEntry, NextStep, OutboxEntry } from '../src/outbox/outbox';
import { DURABLE_DEFAULTS } from '../src/outbox/outbox-settings';
import { openSqliteStorage } from '../src/sqlite/sqlite-storage';
import { ENCRYPTION_KEY, VAULT } from './support/encryption';
import { RecordingLogger } from './support/recording-logger';
import { startApp } from './support/start-app';

let folder: string;
let file: string;
let stub: PlatformStub;
const apps: INestApplication[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tracking-'));
  file = join(folder, 'data', 'tracking.db');
  stub = await PlatformStub.start();
});

afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  await stub.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('an application on file:', () => {
  it('goes on with what an earlier one accepted and could not deliver', async () => {
    stub.behave('meta', { kind: 'outage' });
    const before = await start({ delivery: { shutdownTimeoutMs: 50 } });
    const purchase = aPurchase();
    const receipt = await before.tracking.trackPurchase(purchase);
    await before.app.close();
    expect(receipt.destinations.meta).toEqual({ kind: 'queued' });

    stub.reset();
    const after = await start();
    await stub.waitFor('meta', 1);
    await after.tracking.flush();
    expect(stub.eventsAt('meta')).toEqual([expect.objectContaining({ event_id: receipt.eventId })]);
    expect(await after.tracking.stats()).toMatchObject([{ accepted: 1, delivered: 1, pending: 0 }]);
    expect(await after.tracking.trackPurchase(purchase)).toMatchObject({ status: 'duplicate' });
  });

  it('keeps contexts over a restart', async () => {
    const before = await start();
    const ref = await before.tracking.saveContext('order-1', {
      ip: '203.0.113.7',
      userAgent: 'UA',
    });
    await before.app.close();
    const after = await start();
    await after.tracking.trackPurchase({ ...aPurchase(), context: ref });
    await stub.waitFor('meta', 1);
    expect(stub.eventsAt('meta')[0]).toMatchObject({
      user_data: { client_ip_address: '203.0.113.7', client_user_agent: 'UA' },
    });
  });

  it('has no raw personal data in the file, which its owner alone can read', async () => {
    stub.behave('meta', { kind: 'hang' });
    const { tracking } = await start();
    await tracking.trackPurchase({
      ...aPurchase(),
      user: {
        email: 'jane.doe@example.com',
        phone: '+491701234567',
        firstName: 'Janette',
        lastName: 'Doekins',
        city: 'Gotham',
      },
    });
    const bytes = ['', '-wal'].map((suffix) => readFileSync(file + suffix, 'latin1')).join('');
    expect(bytes).toContain('purchase');
    expect(bytes).not.toMatch(/jane\.doe|1701234567|janette|doekins|gotham/i);
    expect(statSync(file).mode & 0o077).toBe(0);
  });

  it('says at the start and in its status where events wait, and where the audit log is', async () => {
    const { tracking, logger } = await start({ audit: { url: `file:${file}-audit.db` } });
    expect(logger.of('log').join()).toMatch(
      /storage: file:.*tracking\.db; audit log: file:.*audit/,
    );
    expect(tracking.getStatus()).toMatchObject({
      overall: true,
      details: { storageHealth: { state: 'ready' }, role: 'both' },
    });
  });

  it('with role accept stores only, and another with role deliver sends', async () => {
    const web = await start({ delivery: { role: 'accept' } });
    await web.tracking.trackPurchase(aPurchase());
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(stub.requests).toHaveLength(0);
    await start({ delivery: { role: 'deliver' } });
    await stub.waitFor('meta', 1);
    expect(stub.eventsAt('meta')).toHaveLength(1);
  });

  it('answers with a receipt when the disk is full, and takes events again when there is room', async () => {
    stub.behave('meta', { kind: 'outage' });
    const { tracking } = await start({ storage: `file:${file}?maxBytes=300000` });
    const receipts = await Promise.all(
      Array.from({ length: 400 }, (_unused, index) =>
        tracking.trackPurchase({ ...aPurchase(), orderId: `order-${index}` }),
      ),
    );
    const refused = receipts.filter(({ status }) => status === 'rejected');
    const accepted = receipts.filter(({ status }) => status === 'accepted');
    expect(refused.length).toBeGreaterThan(0);
    expect(accepted.length).toBeGreaterThan(0);
    expect(refused[0]?.destinations.meta).toMatchObject({
      kind: 'rejected',
      problems: [
        { code: 'storage_unavailable', message: expect.stringContaining('SQLITE_FULL') as string },
      ],
    });
    stub.reset();
    for (let turn = 0; turn < 100 && stub.eventsAt('meta').length < accepted.length; turn += 1)
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect(new Set(stub.eventsAt('meta').map(({ event_id: id }) => id)).size).toBe(accepted.length);
    await tracking.flush();
    expect(await tracking.trackPurchase({ ...aPurchase(), orderId: 'later' })).toMatchObject({
      status: 'accepted',
    });
    expect(tracking.getStatus().details.storageHealth.state).toBe('ready');
  }, 30_000);

  it.each<[string, (path: string) => void]>([
    [
      'that is no database',
      (path) => {
        writeFileSync(path, 'not a database at all '.repeat(500));
      },
    ],
    [
      'whose header is gone',
      (path) => {
        overwrite(path, 0, Buffer.alloc(4_096));
      },
    ],
    [
      'whose middle is gone',
      (path) => {
        overwrite(path, 20_000, Buffer.alloc(30_000, 0xff));
      },
    ],
    [
      'that was cut off',
      (path) => {
        truncateSync(path, 25_000);
      },
    ],
  ])('sets a file aside %s, raises an alarm and goes on', async (_rule, damage) => {
    stub.behave('meta', { kind: 'outage' });
    const before = await start({ delivery: { shutdownTimeoutMs: 1 } });
    for (let index = 0; index < 30; index += 1)
      await before.tracking.trackPurchase({ ...aPurchase(), orderId: `order-${index}` });
    await before.app.close();
    stub.reset();
    damage(file);
    const { tracking, logger } = await start();
    expect(await tracking.trackPurchase({ ...aPurchase(), orderId: 'fresh' })).toMatchObject({
      status: 'accepted',
    });
    for (
      let turn = 0;
      turn < 100 && !stub.eventsAt('meta').some(({ event_id: id }) => id === 'purchase:fresh');
      turn += 1
    )
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(logger.of('error').join()).toMatch(/was damaged .* was set aside/);
    expect(tracking.getStatus()).toMatchObject({
      overall: true,
      details: {
        storageHealth: { state: 'ready', alarm: expect.stringContaining('damaged') as string },
      },
    });
    expect(readdirSync(join(folder, 'data')).join()).toMatch(/tracking\.db\.damaged-/);
    expect(stub.eventsAt('meta').map(({ event_id: id }) => id)).toContain('purchase:fresh');
    await tracking.flush();
    const [stats] = await tracking.stats();
    expect(stats?.pending).toBe(0);
  });

  it('does not start on a database of another application', async () => {
    const foreign = join(folder, 'shop.db');
    const database = new Database(foreign);
    database.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY)');
    database.close();
    await expect(start({ storage: `file:${foreign}` })).rejects.toThrow(
      /belongs to another application/,
    );
  });

  it('says what is wrong with a place that it cannot use', async () => {
    await expect(start({ storage: `file:${folder}` })).rejects.toThrow(/is a folder; name a file/);
  });

  it('leaves a file alone that is nothing of ours', async () => {
    const notes = join(folder, 'notes.txt');
    writeFileSync(notes, 'buy milk');
    await expect(start({ storage: `file:${notes}` })).rejects.toThrow(/no database/);
    expect(readFileSync(notes, 'utf8')).toBe('buy milk');
    const foreign = join(folder, 'shop.db');
    const database = new Database(foreign);
    database.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY)');
    database.close();
    await expect(start({ storage: `file:${foreign}` })).rejects.toThrow();
    expect(readdirSync(folder).sort()).toEqual(['notes.txt', 'shop.db']);
    expect(new Database(foreign).prepare('PRAGMA journal_mode').get()).toMatchObject({
      journal_mode: 'delete',
    });
  });

  it('tells what is wrong with the URL together with everything else', async () => {
    await expect(
      start({ storage: 'file:./x.db?sync=full', delivery: { role: 'worker' as never } }),
    ).rejects.toThrow(/storage: knows no parameter "sync"[\s\S]*delivery\.role/);
  });
});

describe('the SQLite outbox', () => {
  it.each<[string, () => void]>([
    ['deleted', () => rmSync(file)],
    [
      'replaced',
      () => {
        writeFileSync(`${file}.other`, 'another');
        renameSync(`${file}.other`, file);
      },
    ],
  ])('is degraded where its file was %s while it was open', async (_what, change) => {
    const clock = new FakeClock();
    const storage = await open(clock);
    await storage.outbox.append([entry('a')]);
    change();
    expect(storage.health()).toEqual({ state: 'ready' });
    await clock.advance(5_000);
    expect(storage.health()).toEqual({
      state: 'degraded',
      reason: expect.stringContaining('deleted or replaced'),
    });
    await storage.close();
  });

  it('waits while another process writes, and says so when that takes too long', async () => {
    const { outbox, close } = await open();
    const other = new Database(file);
    other.exec('BEGIN IMMEDIATE');
    const patient = outbox.append([entry('a')]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    other.exec('COMMIT');
    expect(await patient).toEqual([{ kind: 'stored' }]);
    other.exec('BEGIN IMMEDIATE');
    const startedMs = performance.now();
    expect(await outbox.append([entry('b')])).toMatchObject([
      { kind: 'refused', problem: { code: 'storage_unavailable' } },
    ]);
    expect(performance.now() - startedMs).toBeLessThan(4_000);
    other.exec('COMMIT');
    other.close();
    expect(await outbox.append([entry('b')])).toEqual([{ kind: 'stored' }]);
    await close();
  });

  it('loses nothing that was to make room for what the disk then did not take', async () => {
    const { outbox, close } = await open(systemClock, 'full', {
      maxBytes: 300_000,
      maxPendingEntries: 60,
    });
    let isDown = true;
    const handed = new Set<string>();
    outbox.consume({ ...LANE, maxEntries: 1, concurrency: 1 }, async (entries) => {
      while (isDown) await new Promise((resolve) => setTimeout(resolve, 5));
      for (const { key } of entries) handed.add(key);
      return entries.map(() => SETTLE);
    });
    await outbox.append(Array.from({ length: 60 }, (_unused, index) => entry(`small${index}`)));
    // Until they are in memory, where they wait behind the one that is under way.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const large = { body: `{"filling":"${'x'.repeat(40_000)}"}`, envelope: '' };
    const results = await Promise.all(
      Array.from({ length: 20 }, (_unused, index) =>
        outbox.append([{ ...entry(`large${index}`), wire: large }]),
      ),
    );
    expect(results.flat()).toContainEqual({
      kind: 'refused',
      problem: expect.objectContaining({ code: 'storage_unavailable' }) as object,
    });
    isDown = false;
    expect(await outbox.flush(5_000)).toBe(true);
    const [stats] = await outbox.stats();
    expect(stats).toMatchObject({ pending: 0, delivered: handed.size });
    await close();
  });

  it('refuses what a process settles late that was frozen past its lease', async () => {
    const clock = new FakeClock();
    const frozen = await open(clock);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    frozen.outbox.consume(LANE, (entries) => released.then(() => entries.map(() => SETTLE)));
    await frozen.outbox.append([entry('a')]);
    await advance(clock, 100);

    await clock.advance(7_000);
    const other = await open(clock);
    const taken: LeasedEntry[] = [];
    other.outbox.consume(LANE, (entries) => {
      taken.push(...entries);
      return Promise.resolve(entries.map((): NextStep => ({ kind: 'dead-letter', reason: 'bad' })));
    });
    await advance(clock, 100);
    release();
    await advance(clock, 100);
    expect(taken.map(({ key }) => key)).toEqual(['a']);
    expect(await other.outbox.stats()).toMatchObject([
      { accepted: 1, delivered: 0, deadLettered: 1, pending: 0 },
    ]);
    await frozen.close();
    await other.close();
  });

  it('shares one commit among calls of the same moment', async () => {
    const { outbox, close } = await open(systemClock, 'normal');
    const other = new Database(file);
    const version = () =>
      (other.prepare('PRAGMA data_version').get() as { data_version: number }).data_version;
    const before = version();
    await Promise.all(
      Array.from({ length: 50 }, (_unused, index) => outbox.append([entry(`k${index}`)])),
    );
    // The counter rises by one for each look after any number of commits; so it only tells that there was one.
    expect(version()).not.toBe(before);
    expect(await outbox.stats()).toMatchObject([{ accepted: 50, pending: 50 }]);
    other.close();
    await close();
  });
});

async function start(
  options: TrackingModuleOptions = {},
): Promise<{ app: INestApplication; tracking: ServerTrackingService; logger: RecordingLogger }> {
  const logger = new RecordingLogger();
  const { app } = await startApp('express', {
    imports: [
      TrackingModule.forRoot({
        meta: stub.options().meta,
        storage: `file:${file}`,
        encryptionKey: ENCRYPTION_KEY,
        logger,
        ...options,
        delivery: { lingerMs: 5, shutdownTimeoutMs: 100, ...options.delivery },
      }),
    ],
  });
  apps.push(app);
  return { app, logger, tracking: app.get(ServerTrackingService) };
}

async function open(
  clock: typeof systemClock = systemClock,
  synchronous = 'full',
  { maxBytes = 1_000_000_000, maxPendingEntries = 1_000 } = {},
) {
  const url = `file:${file}?synchronous=${synchronous}&maxBytes=${maxBytes}`;
  const storage = await openSqliteStorage(url, {
    clock,
    settings: { ...DURABLE_DEFAULTS, maxPendingEntries, overflow: 'drop-oldest' },
    vault: VAULT,
    activity: new ActivityStream(),
    logger: { warn: () => undefined, error: () => undefined },
  });
  return {
    outbox: storage.outbox,
    health: () => storage.health?.(),
    close: async () => storage.close?.(),
  };
}

const LANE = { destination: 'meta', maxEntries: 10, concurrency: 2, lingerMs: 0 };
const SETTLE: NextStep = { kind: 'settle' };

function entry(key: string): OutboxEntry {
  const now = Date.now();
  return {
    key,
    destination: 'meta',
    eventId: key,
    eventName: 'purchase',
    occurredAtMs: now,
    acceptedAtMs: now,
    priority: 0,
    wire: { body: `{"event_id":"${key}"}`, envelope: '' },
  };
}

async function advance(clock: FakeClock, byMs: number): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    await clock.advance(byMs / 5);
  }
}

function overwrite(path: string, at: number, bytes: Buffer): void {
  const content = readFileSync(path);
  bytes.copy(content, at);
  writeFileSync(path, content);
}
