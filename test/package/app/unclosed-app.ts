import 'reflect-metadata';

import assert from 'node:assert/strict';

import { ServerTrackingService, TrackingModule } from 'nestjs-server-tracking';
import { PlatformStub, aPurchase } from 'nestjs-server-tracking/testing';

import { start, transport } from './start.js';

const SOON_MS = 3_000;

/** A script that forgets `app.close()`. */
async function main(): Promise<void> {
  const stub = await PlatformStub.start();
  const app = await start({ imports: [TrackingModule.forRoot({ ...stub.options(), transport })] });
  const tracking = app.get(ServerTrackingService);
  const receipt = await tracking.trackPurchase(aPurchase(), { until: 'settled' });
  assert.equal(receipt.status, 'accepted');
  await stub.close();
  const doneAtMs = Date.now();
  process.once('exit', () => {
    assert.ok(Date.now() - doneAtMs < SOON_MS, 'something kept the process alive');
    console.log('ok');
  });
}

void main();
