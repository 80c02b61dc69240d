import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { INestApplication } from '@nestjs/common';
import {
  DeadLetterService,
  ServerTrackingService,
  TrackingModule,
  type DeadLetterQuery,
} from 'nestjs-server-tracking';
import { PlatformStub, aPurchase, aRegistration } from 'nestjs-server-tracking/testing';

import { ENCRYPTION_KEY } from './support/encryption';
import { RecordingLogger } from './support/recording-logger';
import { startApp } from './support/start-app';

const folder = mkdtempSync(join(tmpdir(), 'tracking-'));

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe.each([
  ['memory', 'memory:'],
  ['sqlite', `file:${join(folder, 'tracking.db')}`],
])('DeadLetterService on %s', (_member, storage) => {
  let stub: PlatformStub;
  let app: INestApplication;
  let tracking: ServerTrackingService;
  let deadLetters: DeadLetterService;

  beforeAll(async () => {
    stub = await PlatformStub.start();
    const { meta } = stub.options();
    const options = {
      meta,
      storage,
      encryptionKey: ENCRYPTION_KEY,
      logger: new RecordingLogger(),
    };
    ({ app } = await startApp('express', { imports: [TrackingModule.forRoot(options)] }));
    tracking = app.get(ServerTrackingService);
    deadLetters = app.get(DeadLetterService);
  });

  afterAll(async () => {
    await app.close();
    await stub.close();
  });

  it('lists what was given up: which event, for whom, why, when and after how many attempts', async () => {
    stub.behave('meta', { kind: 'validation-error' });
    const sinceMs = Date.now();
    await tracking.trackPurchase(aPurchase({ orderId: 'A-1' }), { until: 'settled' });
    const [letter, ...others] = await deadLetters.list();
    expect(others).toEqual([]);
    expect(letter).toMatchObject({
      destination: 'meta',
      eventName: 'purchase',
      eventId: 'purchase:A-1',
      reason: expect.stringContaining('Meta error 100/2804003'),
      attempts: 1,
    });
    expect(letter?.atMs).toBeGreaterThanOrEqual(sinceMs);
    expect(letter?.atMs).toBeLessThanOrEqual(Date.now());
    expect(JSON.parse(letter?.entry.wire.body ?? '')).toMatchObject({ event_id: 'purchase:A-1' });
  });

  it('puts back only what is asked for, which is delivered as it was', async () => {
    await tracking.trackRegistration(aRegistration({ eventId: 'sign-up-1' }), { until: 'settled' });
    stub.behave('meta', { kind: 'success' });
    expect(await deadLetters.redrive({ eventName: 'purchase' })).toBe(1);
    await tracking.flush();
    expect(stub.eventsAt('meta')).toEqual([expect.objectContaining({ event_id: 'purchase:A-1' })]);
    expect(await deadLetters.list()).toEqual([expect.objectContaining({ eventId: 'sign-up-1' })]);
  });

  it.each<[problem: string, query: object | null]>([
    ['detination is no condition; known are destination, ', { detination: 'meta' }],
    ['eventId: expected text, got a boolean', { eventId: true }],
    ['destination: expected text, got an array', { destination: ['meta', 'tiktok'] }],
    ['beforeMs: expected a time in Unix milliseconds, got a string', { beforeMs: '7d' }],
    ['beforeMs: expected a time in Unix milliseconds, got a date', { beforeMs: new Date() }],
    ['limit: expected a whole number from 0, got -1', { limit: -1 }],
    ['keys: expected an array of text, got a string', { keys: 'k' }],
    ['expected an object, got null', null],
    ['reason: expected text, got null; limit: expected', { reason: null, limit: NaN }],
  ])('does nothing for a query that says something else than it seems: %s', async (told, query) => {
    const before = await deadLetters.list();
    expect(before.length).toBeGreaterThan(0);
    const asked = query as DeadLetterQuery;
    for (const call of [
      () => deadLetters.list(asked),
      () => deadLetters.redrive(asked),
      () => deadLetters.purge(asked),
    ])
      await expect(call()).rejects.toThrow(`dead letters: ${told}`);
    expect(await deadLetters.list()).toHaveLength(before.length);
  });

  it('throws away for good, and says how many', async () => {
    expect(await deadLetters.purge({ destination: 'tiktok' })).toBe(0);
    expect(await deadLetters.purge({ destination: 'meta' })).toBe(1);
    expect(await deadLetters.list()).toEqual([]);
    expect(await deadLetters.redrive()).toBe(0);
  });
});
