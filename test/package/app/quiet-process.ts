import 'reflect-metadata';

import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';

import { HttpModule } from '@nestjs/axios';
import axios from 'axios';

import { start, transport } from './start.js';

const SOON_MS = 3_000;

async function main(): Promise<void> {
  // What Nest and axios leave behind is theirs.
  const plain = await start({ imports: [HttpModule.register({})] });
  await plain.close();
  const before = traces();

  const { ServerTrackingService, TrackingModule } = await import('nestjs-server-tracking');
  const { PlatformStub, aPurchase } = await import('nestjs-server-tracking/testing');
  const stub = await PlatformStub.start();
  const app = await start({ imports: [TrackingModule.forRoot({ ...stub.options(), transport })] });
  const tracking = app.get(ServerTrackingService);
  const receipt = await tracking.trackPurchase(aPurchase(), { until: 'settled' });
  assert.equal(receipt.destinations.meta?.kind, 'delivered');
  const after = traces();

  await app.close();
  await stub.close();
  assert.deepEqual(after, before);
  const closedAtMs = Date.now();
  process.once('exit', () => {
    assert.ok(Date.now() - closedAtMs < SOON_MS, 'something kept the process alive');
    console.log('ok');
  });
}

/** Everything that a library can leave in a process that is not its own. */
function traces() {
  const listeners = process
    .eventNames()
    .map((name) => [name.toString(), process.listenerCount(name)] as const);
  const prototypes = [Object, Function, Array, String, Number, Date, Promise, Error, Map, Set].map(
    ({ name, prototype }) => [name, Reflect.ownKeys(prototype as object).map(String)] as const,
  );
  return {
    listeners: Object.fromEntries(listeners),
    prototypes: Object.fromEntries(prototypes),
    globals: Reflect.ownKeys(globalThis).map(String).sort(),
    functions: [fetch, setTimeout, http.request, http.get, https.request, https.get],
    agents: [http.globalAgent, https.globalAgent],
    axios: JSON.stringify(axios.defaults),
    exceptionCapture: process.hasUncaughtExceptionCaptureCallback(),
    environment: { ...process.env },
  };
}

// A listener that a library has added could swallow the failure.
main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
