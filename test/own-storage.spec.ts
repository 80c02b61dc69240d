import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  MemoryOutbox,
  MemoryRecordStore,
  ServerTrackingService,
  TrackingModule,
  type Outbox,
} from 'nestjs-server-tracking';
import { aPurchase, PlatformStub } from 'nestjs-server-tracking/testing';

import { systemClock } from '../src/clock';
import { ENCRYPTION_KEY } from './support/encryption';
import { startApp, type RunningApp } from './support/start-app';

/** Keeps copies, as whoever hands entries on to another thread or process does. */
function copyingOutbox(): Outbox {
  const inner = new MemoryOutbox(systemClock);
  return {
    append: (entries) => inner.append(structuredClone(entries)),
    consume: (lane, handler) => inner.consume(lane, handler),
    onSettled: (key, listener) => inner.onSettled(key, listener),
    flush: (timeoutMs) => inner.flush(timeoutMs),
    stats: () => inner.stats(),
    deadLetters: (query) => inner.deadLetters(query),
    redrive: (query) => inner.redrive(query),
    purgeDeadLetters: (query) => inner.purgeDeadLetters(query),
    findAbout: (subjects) => inner.findAbout(subjects),
    erase: (subjects) => inner.erase(subjects),
    close: () => inner.close(),
  };
}

class LosableRecords extends MemoryRecordStore {
  isAway = false;

  override get(...args: Parameters<MemoryRecordStore['get']>) {
    return this.isAway ? Promise.reject(new Error('ECONNREFUSED')) : super.get(...args);
  }
}

describe('a storage of the host', () => {
  let stub: PlatformStub;
  const folder = mkdtempSync(join(tmpdir(), 'tracking-own-storage-'));
  const records = new LosableRecords(systemClock);
  let running: RunningApp | undefined;

  async function start(): Promise<ServerTrackingService> {
    stub = await PlatformStub.start();
    const { meta, ga4 } = stub.options();
    running = await startApp('express', {
      imports: [
        TrackingModule.forRoot({
          meta,
          ga4,
          storage: { description: 'own', isDurable: false, outbox: copyingOutbox(), records },
          audit: { url: `jsonl:${join(folder, 'audit.jsonl')}` },
          encryptionKey: ENCRYPTION_KEY,
        }),
      ],
    });
    return running.app.get(ServerTrackingService);
  }

  afterAll(async () => {
    await running?.app.close();
    await stub.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('gets wire events that can be copied, and an erased person is named nowhere while it is away', async () => {
    const tracking = await start();
    const user = { id: 'anna', email: 'anna@example.com' };
    expect(await tracking.trackPurchase(aPurchase({ orderId: 'first', user }))).toMatchObject({
      status: 'accepted',
    });
    expect(await tracking.flush()).toMatchObject({ isComplete: true });
    expect(stub.eventsAt('meta')).toMatchObject([{ event_id: 'purchase:first' }]);
    expect(stub.eventsAt('ga4')).toHaveLength(1);

    await tracking.erase('anna');
    records.isAway = true;
    expect(await tracking.trackPurchase(aPurchase({ orderId: 'later', user }))).toMatchObject({
      status: 'rejected',
    });
    records.isAway = false;
    await running?.app.close();
    running = undefined;
    const lines = readdirSync(folder)
      .flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'))
      .filter((line) => line.includes('purchase:later'));
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ commitments: [] });
  });
});
